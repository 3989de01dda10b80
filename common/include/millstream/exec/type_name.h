// File: millstream/exec/type_name.h
// The names that a programmer gave to types and fields, as the compiler spells them.
#ifndef MILLSTREAM_EXEC_TYPE_NAME_H_
#define MILLSTREAM_EXEC_TYPE_NAME_H_

#include <cstddef>
#include <string_view>

namespace millstream::exec {

template <class T>
constexpr std::string_view PrettyType() {
  return __PRETTY_FUNCTION__;
}

// `a::B<c::D>::E` -> `E`, `a::B<c::D>` -> `B`: without the scope and the arguments of a template.
constexpr std::string_view WithoutScope(std::string_view name) {
  size_t begin = 0;
  size_t end = name.size();
  int depth = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '<' || c == '(' || c == '{') {
      if (depth++ == 0 && c == '<') end = i;
    } else if (c == '>' || c == ')' || c == '}') {
      --depth;
    } else if (depth == 0 && c == ':') {
      begin = i + 1;
      end = name.size();
    }
  }
  return name.substr(begin, end - begin);
}

// "... [with T = X; std::string_view = ...]" (gcc) or "... [T = X]" (clang) -> "X".
constexpr std::string_view TypeIn(std::string_view pretty) {
  const size_t begin = pretty.find("T = ") + 4;
  const size_t alias = pretty.rfind("; std::string_view = ");
  const size_t end = alias == std::string_view::npos ? pretty.rfind(']') : alias;
  return pretty.substr(begin, end - begin);
}

// The name of a class or enumeration as it is declared, without scope.
template <class T>
constexpr std::string_view TypeName() {
  return WithoutScope(TypeIn(PrettyType<T>()));
}

// The name with scope and arguments, for messages.
template <class T>
constexpr std::string_view FullTypeName() {
  return TypeIn(PrettyType<T>());
}

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_TYPE_NAME_H_
