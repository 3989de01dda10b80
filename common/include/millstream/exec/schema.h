// File: millstream/exec/schema.h
// The schema of a type: canonical text with the names, types and order of its fields, such as
// `Order{id:int64,items:list<string>}`. Kept with whatever outlives a program. Texts and views have the same
// schema, and so have ordered and unordered containers.
#ifndef MILLSTREAM_EXEC_SCHEMA_H_
#define MILLSTREAM_EXEC_SCHEMA_H_

#include <millstream/exec/codec.h>
#include <millstream/exec/type_name.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millstream::exec {

// Collects the text of a schema.
class SchemaWriter {
 public:
  // While it lives, the aggregate that `type` stands for is being described.
  class Scope {
   public:
    Scope(SchemaWriter& writer, const void* type) : writer_(writer), outer_(writer.innermost_), type_(type) {
      writer.innermost_ = this;
    }
    ~Scope() { writer_.innermost_ = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    friend class SchemaWriter;

    SchemaWriter& writer_;
    const Scope* const outer_;
    const void* const type_;
  };

  SchemaWriter();
  ~SchemaWriter();

  void Append(std::string_view text);
  void AppendNumber(size_t number);
  // What precedes the type of the index-th field of an aggregate; a nameless field is called f<index>.
  void AppendFieldName(std::string_view name, size_t index);
  // Whether the aggregate is being described already, further out: then its name is enough.
  bool IsOpen(const void* type) const;

  std::string Take();

 private:
  std::string text_;
  const Scope* innermost_ = nullptr;
};

// An object whose fields have addresses to name them by; never defined, never read.
template <class T>
struct Ghost {
  T value;
};
template <class T>
extern Ghost<T> ghost;

template <auto* kField>
constexpr std::string_view PrettyField() {
  return __PRETTY_FUNCTION__;
}

// "... kField = (& ghost<Order>.Ghost<Order>::value.Order::id); ..." -> "id"; empty if the compiler spells it
// otherwise.
constexpr std::string_view FieldNameIn(std::string_view pretty) {
  const size_t end = pretty.find(");");
  if (end == std::string_view::npos) return {};
  const size_t colon = pretty.rfind("::", end);
  return colon == std::string_view::npos ? std::string_view{} : pretty.substr(colon + 2, end - colon - 2);
}

template <size_t I>
struct AddressOf {
  template <class First, class... Rest>
  constexpr auto* operator()(First& first, Rest&... rest) const {
    if constexpr (I == 0) {
      return &first;
    } else {
      return AddressOf<I - 1>{}(rest...);
    }
  }
};

// The name of the I-th field of an aggregate.
template <class T, size_t I>
constexpr std::string_view FieldName() {
#if defined(__GNUC__) && !defined(__clang__)
  return FieldNameIn(PrettyField<VisitFields(ghost<T>.value, AddressOf<I>{})>());
#else
  return {};
#endif
}

template <class T>
inline constexpr char kTypeTag = 0;

template <class T>
void AppendSchema(SchemaWriter& out);

template <class... A>
void AppendSchemas(SchemaWriter& out, std::string_view opening, Types<A...>) {
  out.Append(opening);
  const char* comma = "";
  ((out.Append(comma), AppendSchema<A>(out), comma = ","), ...);
}

template <class T, class... A, size_t... I>
void AppendFields(SchemaWriter& out, Types<A...>, std::index_sequence<I...>) {
  ((out.AppendFieldName(FieldName<T, I>(), I), AppendSchema<A>(out)), ...);
}

template <class T>
void AppendAggregateSchema(SchemaWriter& out) {
  out.Append(TypeName<T>());
  if (out.IsOpen(&kTypeTag<T>)) return;
  const SchemaWriter::Scope scope(out, &kTypeTag<T>);
  out.Append("{");
  AppendFields<T>(out, Parts<T>{}, std::make_index_sequence<kFieldCount<T>>{});
  out.Append("}");
}

template <class T>
void AppendIntegerSchema(SchemaWriter& out) {
  if constexpr (std::is_same_v<T, char>) {
    out.Append("char");
  } else {
    out.Append(std::is_signed_v<T> ? "int" : "uint");
    out.AppendNumber(8 * sizeof(T));
  }
}

template <class T>
void AppendPairSchema(SchemaWriter& out) {
  out.Append("pair<first:");
  AppendSchema<typename T::first_type>(out);
  out.Append(",second:");
  AppendSchema<typename T::second_type>(out);
  out.Append(">");
}

template <class T>
void AppendArraySchema(SchemaWriter& out) {
  AppendSchemas(out, "array<", Parts<T>{});
  out.Append(",");
  out.AppendNumber(sizeof(T) / sizeof(typename ArrayElement<T>::Type));
  out.Append(">");
}

template <class T>
void AppendCustomSchema(SchemaWriter& out) {
  if constexpr (requires { Codec<T>::AppendSchema(out); }) {
    Codec<T>::AppendSchema(out);
  } else {
    out.Append(TypeName<T>());
  }
}

template <class T>
void AppendSchema(SchemaWriter& out) {
  constexpr Shape kOf = kShape<T>;
  if constexpr (kOf == Shape::kCustom) {
    AppendCustomSchema<T>(out);
  } else if constexpr (kOf == Shape::kBool) {
    out.Append("bool");
  } else if constexpr (kOf == Shape::kInteger) {
    AppendIntegerSchema<T>(out);
  } else if constexpr (kOf == Shape::kFloat) {
    out.Append(sizeof(T) == 8 ? "double" : "float");
  } else if constexpr (kOf == Shape::kString || kOf == Shape::kView) {
    out.Append("string");
  } else if constexpr (kOf == Shape::kEnum) {
    out.Append("enum<");
    out.Append(TypeName<T>());
    out.Append(",");
    AppendSchema<std::underlying_type_t<T>>(out);
    out.Append(">");
  } else if constexpr (kOf == Shape::kPair) {
    AppendPairSchema<T>(out);
  } else if constexpr (kOf == Shape::kAggregate) {
    AppendAggregateSchema<T>(out);
  } else if constexpr (kOf == Shape::kArray) {
    AppendArraySchema<T>(out);
  } else if constexpr (kOf == Shape::kTuple || kOf == Shape::kOptional || kOf == Shape::kVariant ||
                       kOf == Shape::kList || kOf == Shape::kSet || kOf == Shape::kMap) {
    constexpr std::string_view kOpening[] = {"tuple<", "optional<", "variant<", "list<", "set<", "map<"};
    constexpr size_t kIndex = kOf == Shape::kTuple      ? 0
                              : kOf == Shape::kOptional ? 1
                              : kOf == Shape::kVariant  ? 2
                              : kOf == Shape::kList     ? 3
                              : kOf == Shape::kSet      ? 4
                                                        : 5;
    AppendSchemas(out, kOpening[kIndex], Parts<T>{});
    out.Append(">");
  } else {
    out.Append(TypeName<T>());  // Without data, or a protobuf message.
  }
}

// The schema of T, which must have a Codec.
template <class T>
std::string SchemaText() {
  RequireCodec<T>();
  SchemaWriter writer;
  if constexpr (HasCodec<T>) AppendSchema<T>(writer);
  return writer.Take();
}

}  // namespace millstream::exec

namespace millstream {

template <class T>
inline void Codec<T>::AppendSchema(exec::SchemaWriter& out) {
  exec::AppendSchema<T>(out);
}

}  // namespace millstream

#endif  // MILLSTREAM_EXEC_SCHEMA_H_
