#pragma once
// A list of metrics that grows sample by sample; the families come out in the order in which they were first named.

#include <prometheus/metric_family.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace picket {

class MetricList {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  using Type = prometheus::MetricType;

  /// One sample. An empty value makes none, and no family either if it would have been the first.
  void add(Type type, const std::string& name, const std::string& help, std::optional<double> value,
           const Labels& labels = {});
  void gauge(const std::string& name, const std::string& help, std::optional<double> value, const Labels& labels = {}) {
    add(Type::Gauge, name, help, value, labels);
  }
  void counter(const std::string& name, const std::string& help, double value) {
    add(Type::Counter, name, help, value);
  }
  /// One gauge per state, 1 for the one that is.
  void states(const std::string& name, const std::string& help, const std::string& label, std::string_view current,
              const std::vector<std::string_view>& all);

  const std::vector<prometheus::MetricFamily>& families() const { return families_; }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace picket
