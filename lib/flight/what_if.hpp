#pragma once
// "What would happen here if ...?": the facts of this moment, changed in a few words, played forward in virtual time
// through decide(). All that is not mentioned stays as it is. Pure: nobody is asked and nothing is done.

#include <string>
#include <string_view>
#include <vector>

#include "flight/model_probe.hpp"
#include "flight/record.hpp"

namespace picket {

/// How the probes ask here, and for how long to play.
struct WhatIfOptions {
  Millis poll{250};
  ProbePace local;
  ProbePace peers{.fresh_every = Millis{60'000}};
  Millis length{15'000};
};

struct WhatIfMoment {
  Millis after{0};
  Verdict verdict;
};

struct WhatIf {
  std::string error;                  ///< the text makes no sense, and what would; all else is empty then
  std::vector<std::string> supposed;  ///< what was understood, a sentence for each clause
  Verdict before;                     ///< as it is
  std::vector<WhatIfMoment> moments;  ///< each change of the verdict
  bool ends = false;  ///< PostgreSQL is to be stopped or started by the last one: what follows would be other facts
  Millis length{0};
};

/// Plays `text`, clauses between commas (see what_if_words), from `live`: its memory is that of the next decision.
WhatIf what_if(const FlightRecord& live, std::string_view text, const WhatIfOptions& options);

/// For --help: which clauses there are.
std::string_view what_if_words();

/// For people.
std::string what_if_text(const WhatIf& answer, Level level);

}  // namespace picket
