#!/bin/sh
# Is PostgreSQL accepting connections?
exec pg_isready -q -h 127.0.0.1 -p 5432
