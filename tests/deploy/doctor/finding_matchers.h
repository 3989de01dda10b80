#ifndef MILLSTREAM_TESTS_DEPLOY_DOCTOR_FINDING_MATCHERS_H_
#define MILLSTREAM_TESTS_DEPLOY_DOCTOR_FINDING_MATCHERS_H_

#include <gmock/gmock.h>

#include <string>

#include "deploy/doctor/finding.h"

namespace millstream::deploy {

MATCHER_P(Says, text, "says " + testing::PrintToString(text)) {
  *result_listener << ToLine(arg);
  return arg.text.find(text) != std::string::npos;
}

MATCHER_P(IsOfSeverity, severity, "") {
  *result_listener << ToLine(arg);
  return arg.severity == severity;
}

inline auto IsOkAndSays(const std::string& text) {
  return testing::AllOf(IsOfSeverity(Finding::Severity::kOk), Says(text));
}
inline auto WarnsOf(const std::string& text) {
  return testing::AllOf(IsOfSeverity(Finding::Severity::kWarn), Says(text));
}
inline auto FailsOn(const std::string& text) {
  return testing::AllOf(IsOfSeverity(Finding::Severity::kFail), Says(text));
}

}  // namespace millstream::deploy

#endif  // MILLSTREAM_TESTS_DEPLOY_DOCTOR_FINDING_MATCHERS_H_
