// Where exceptions of the user's driver-side functions become statuses.
#include <cxxabi.h>
#include <millstream/graph.h>

#include <cstdlib>
#include <exception>
#include <string>
#include <typeinfo>

namespace millstream::graph {
namespace {

std::string Demangled(const char* name) {
  int failed = 0;
  char* const text = abi::__cxa_demangle(name, nullptr, nullptr, &failed);
  std::string result = failed == 0 && text != nullptr ? text : name;
  std::free(text);
  return result;
}

}  // namespace

absl::Status CallUser(const char* name, const std::function<absl::Status()>& f) {
  try {
    return f();
  } catch (const std::exception& e) {
    return absl::UnknownError(std::string(name) + ": the function threw " + Demangled(typeid(e).name()) +
                              ": " + e.what());
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return absl::UnknownError(std::string(name) + ": the function threw " +
                              (type == nullptr ? "an exception" : Demangled(type->name())));
  }
}

}  // namespace millstream::graph
