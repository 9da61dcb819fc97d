#pragma once

#include <optional>

#include "api/answer_job.h"
#include "api/errors.h"
#include "api/services.h"
#include "base/json.h"
#include "http/message.h"

namespace bise::api {

// Where a request is on its way: what the handlers of all families begin with.
struct Asked {
  Json body;
  Family family = Family::openai;
  ServedModelPtr model;  // null until it is found
  RequestRecord record;
};

// Contract section 3: the client's own header, else the server's guess from the body.
Family family_of(const http::Request& request, const Json& body);

// The record as it is before anything is known.
RequestRecord new_record(const http::Request& request, std::string_view route, Family family);

// Reads the body and checks it against the table, finds the model and the fields it refuses. What
// is known so far stands in `asked` also where this fails.
std::optional<ApiError> read_request(const ApiServices& services, const http::Request& request,
                                     Body body, Asked& asked);

// Sampling, lengths, stops, lane and key of a request, laid over the model's defaults. `natural`
// is the lane it has without a header.
ApiResult<GenerationRequest> read_generation(const http::Request& request, const Asked& asked,
                                             Lane natural);

// Stop strings as they were given.
std::vector<std::string> read_stops(const Json& body);

// Head and record of an answer: ids, time, seed.
void begin_plan(const ApiServices& services, Asked& asked, std::string id,
                const GenerationRequest& generation, AnswerPlan& plan);

}  // namespace bise::api
