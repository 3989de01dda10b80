#ifndef MILLSTREAM_DEPLOY_DOCTOR_FINDING_H_
#define MILLSTREAM_DEPLOY_DOCTOR_FINDING_H_

#include <string>
#include <string_view>

namespace millstream::deploy {

// What one check found.
struct Finding {
  enum class Severity {
    kOk,
    kWarn,  // works, but not as one may want it
    kFail,
  };
  Severity severity;
  std::string text;  // a cli::ErrorText: the thing, what was found, the fix
};

Finding Ok(std::string_view thing, std::string_view found);
Finding Warn(std::string_view thing, std::string_view found, std::string_view fix);
Finding Fail(std::string_view thing, std::string_view found, std::string_view fix);

// "OK|WARN|FAIL  THING: what was found. The fix", without the newline.
std::string ToLine(const Finding& finding);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_FINDING_H_
