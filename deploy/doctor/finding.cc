#include "deploy/doctor/finding.h"

#include "common/cli/errors.h"

namespace millstream::deploy {
namespace {

std::string_view NameOf(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::kOk:
      return "OK";
    case Finding::Severity::kWarn:
      return "WARN";
    case Finding::Severity::kFail:
      break;
  }
  return "FAIL";
}

}  // namespace

Finding Ok(std::string_view thing, std::string_view found) {
  return {Finding::Severity::kOk, cli::ErrorText(thing, found, "")};
}

Finding Warn(std::string_view thing, std::string_view found, std::string_view fix) {
  return {Finding::Severity::kWarn, cli::ErrorText(thing, found, fix)};
}

Finding Fail(std::string_view thing, std::string_view found, std::string_view fix) {
  return {Finding::Severity::kFail, cli::ErrorText(thing, found, fix)};
}

std::string ToLine(const Finding& finding) {
  return std::string(NameOf(finding.severity)) + "  " + cli::OnOneLine(finding.text);
}

}  // namespace millstream::deploy
