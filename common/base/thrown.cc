#include "common/base/thrown.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace millstream::base {
namespace {

std::string Demangled(const std::type_info* type) {
  if (type == nullptr) return "an exception of another language";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
  if (name == nullptr) return type->name();
  std::string text = name.get();
  if (text.starts_with("std::__cxx11::basic_string<char,")) return "std::string";
  return text;
}

std::string CurrentText() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (const std::string& text) {
    return text;
  } catch (const char* text) {
    return text == nullptr ? "" : text;
  } catch (int number) {
    return std::to_string(number);
  } catch (...) {
    return "";
  }
}

}  // namespace

Thrown DescribeThrown() { return {Demangled(abi::__cxa_current_exception_type()), CurrentText()}; }

}  // namespace millstream::base
