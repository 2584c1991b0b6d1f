#include "repmgr/conf_lines.hpp"

#include <algorithm>
#include <cctype>

namespace picket {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool in_word(char c) { return letter(c) || digit(c) || std::string_view("-._:/+").find(c) != std::string_view::npos; }

struct Malformed {
  std::string why;
};

/// Reads one line from left to right.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : line_(line) {}

  void skip_blanks() {
    while (at_ < line_.size() && blank(line_[at_])) ++at_;
  }
  bool at_end() const { return at_ == line_.size() || line_[at_] == '#'; }

  void skip_equals() {
    skip_blanks();
    if (at_ < line_.size() && line_[at_] == '=') ++at_;
    skip_blanks();
  }

  std::string name() {
    std::string out;
    while (at_ < line_.size() && (letter(line_[at_]) || digit(line_[at_]) || line_[at_] == '.')) out += line_[at_++];
    if (out.empty() || !letter(out.front())) throw Malformed{"expected a name"};
    return out;
  }

  std::string value() {
    if (at_end()) throw Malformed{"expected a value"};
    if (line_[at_] == '\'') return quoted();
    std::string out;
    while (at_ < line_.size() && in_word(line_[at_])) out += line_[at_++];
    if (out.empty()) throw Malformed{std::string("a value with '") + line_[at_] + "' must stand in single quotes"};
    return out;
  }

 private:
  std::string quoted() {
    std::string out;
    for (++at_; at_ < line_.size(); ++at_) {
      if (line_[at_] == '\'') {
        if (at_ + 1 == line_.size() || line_[at_ + 1] != '\'') {
          ++at_;
          return out;
        }
        out += line_[++at_];
      } else if (line_[at_] == '\\' && at_ + 1 < line_.size()) {
        ++at_;
        out += escaped();
      } else {
        out += line_[at_];
      }
    }
    throw Malformed{"the quote does not end on this line"};
  }

  /// The character behind a backslash; leaves at_ on its last character.
  char escaped() {
    switch (line_[at_]) {
      case 'b': return '\b';
      case 'f': return '\f';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      default: break;
    }
    if (line_[at_] < '0' || line_[at_] > '7') return line_[at_];
    int code = 0;
    size_t end = at_;
    for (; end < line_.size() && end < at_ + 3 && line_[end] >= '0' && line_[end] <= '7'; ++end)
      code = code * 8 + (line_[end] - '0');
    at_ = end - 1;
    return static_cast<char>(code);
  }

  std::string_view line_;
  size_t at_ = 0;
};

void read_line(std::string_view line, int number, ConfLines& out) {
  LineReader reader(line);
  reader.skip_blanks();
  if (reader.at_end()) return;
  ConfSetting setting;
  setting.line = number;
  setting.name = reader.name();
  reader.skip_equals();
  setting.value = reader.value();
  reader.skip_blanks();
  if (!reader.at_end()) throw Malformed{"more than one value for " + setting.name + ": quote values that hold blanks"};
  if (setting.name == "include" || setting.name == "include_dir" || setting.name == "include_if_exists") {
    out.includes.push_back(number);
  } else {
    out.settings.push_back(std::move(setting));
  }
}

}  // namespace

ConfLines read_conf_lines(std::string_view text) {
  ConfLines out;
  int number = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++number;
    try {
      read_line(line, number, out);
    } catch (const Malformed& malformed) {
      out.error = malformed.why;
      out.error_line = number;
      return out;
    }
  }
  return out;
}

}  // namespace picket
