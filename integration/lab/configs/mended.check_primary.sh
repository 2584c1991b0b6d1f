#!/bin/sh
# Is this node a primary?
systemctl is-active --quiet postgresql || exit 1
test "$(su - postgres -c "psql -XAt -c 'select pg_is_in_recovery()'")" = f
