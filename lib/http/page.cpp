#include "http/page.hpp"

#include <algorithm>
#include <stdexcept>

namespace picket {
namespace {

void refuse_controls(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), control)) {
    throw std::invalid_argument("control character in an HTTP header");
  }
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 206: return "Partial Content";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 412: return "Precondition Failed";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    default: return "Unknown";
  }
}

Page Page::make(int status, std::string_view content_type, std::string body, const std::vector<Header>& headers) {
  if (status < 100 || status > 599) throw std::invalid_argument("HTTP status " + std::to_string(status));
  refuse_controls(content_type);
  std::string start = "HTTP/1.1 " + std::to_string(status) + ' ' + std::string(reason_phrase(status)) + "\r\n";
  start.append("Content-Type: ").append(content_type).append("\r\nCache-Control: no-store\r\n");
  for (const auto& [name, value] : headers) {
    refuse_controls(name);
    refuse_controls(value);
    start.append(name).append(": ").append(value).append("\r\n");
  }
  Page page;
  page.status_ = status;
  page.body_ = std::move(body);
  for (const bool bodyless : {false, true}) {
    for (const bool keep : {false, true}) {
      page.heads_[bodyless][keep] = start + "Content-Length: " + std::to_string(bodyless ? 0 : page.body_.size()) +
                                    "\r\nConnection: " + (keep ? "keep-alive" : "close") + "\r\n\r\n";
    }
  }
  return page;
}

Page Page::raw(std::string bytes) {
  Page page;
  page.body_ = std::move(bytes);
  return page;
}

std::string_view Page::head(Method method, bool keep_alive) const {
  return heads_[method == Method::options][keep_alive];
}

std::string_view Page::body_for(Method method) const {
  return method == Method::get ? std::string_view(body_) : std::string_view();
}

}  // namespace picket
