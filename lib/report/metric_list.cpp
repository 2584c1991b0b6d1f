#include "report/metric_list.hpp"

#include <algorithm>

namespace picket {

void MetricList::add(Type type, const std::string& name, const std::string& help, std::optional<double> value,
                     const Labels& labels) {
  if (!value) return;
  auto family = std::ranges::find(families_, name, &prometheus::MetricFamily::name);
  if (family == families_.end()) {
    families_.push_back({name, help, type, {}});
    family = std::prev(families_.end());
  }
  prometheus::ClientMetric metric;
  for (const auto& [label, text] : labels) {
    prometheus::ClientMetric::Label one;
    one.name = label;
    one.value = text;
    metric.label.push_back(std::move(one));
  }
  metric.gauge.value = metric.counter.value = *value;
  family->metric.push_back(std::move(metric));
}

void MetricList::states(const std::string& name, const std::string& help, const std::string& label,
                        std::string_view current, const std::vector<std::string_view>& all) {
  for (const std::string_view state : all) gauge(name, help, state == current ? 1 : 0, {{label, std::string(state)}});
}

}  // namespace picket
