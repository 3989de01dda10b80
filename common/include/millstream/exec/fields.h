// File: millstream/exec/fields.h
// The fields of a plain aggregate, without macros: how many there are, and a visit of all of them.
#ifndef MILLSTREAM_EXEC_FIELDS_H_
#define MILLSTREAM_EXEC_FIELDS_H_

#include <cstddef>
#include <type_traits>

namespace millstream::exec {

inline constexpr size_t kMaxFields = 32;

// kFits: T can be initialised with N empty braces. Each `{}` initialises exactly one field, arrays and nested
// aggregates included, so the largest N that fits is the number of fields.
// Visit: calls f with a reference to each field of a T that has exactly N of them.
template <size_t N>
struct FieldTable;

// clang-format off
template <> struct FieldTable<0> {
  template <class T> static constexpr bool kFits = requires { T{}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T&, F&& visit) { return visit(); }
};
template <> struct FieldTable<1> {
  template <class T> static constexpr bool kFits = requires { T{{}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a] = value;
    return visit(a); }
};
template <> struct FieldTable<2> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b] = value;
    return visit(a, b); }
};
template <> struct FieldTable<3> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c] = value;
    return visit(a, b, c); }
};
template <> struct FieldTable<4> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d] = value;
    return visit(a, b, c, d); }
};
template <> struct FieldTable<5> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e] = value;
    return visit(a, b, c, d, e); }
};
template <> struct FieldTable<6> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f] = value;
    return visit(a, b, c, d, e, f); }
};
template <> struct FieldTable<7> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g] = value;
    return visit(a, b, c, d, e, f, g); }
};
template <> struct FieldTable<8> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h] = value;
    return visit(a, b, c, d, e, f, g, h); }
};
template <> struct FieldTable<9> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i] = value;
    return visit(a, b, c, d, e, f, g, h, i); }
};
template <> struct FieldTable<10> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j] = value;
    return visit(a, b, c, d, e, f, g, h, i, j); }
};
template <> struct FieldTable<11> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k); }
};
template <> struct FieldTable<12> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l); }
};
template <> struct FieldTable<13> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m); }
};
template <> struct FieldTable<14> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n); }
};
template <> struct FieldTable<15> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o); }
};
template <> struct FieldTable<16> {
  template <class T> static constexpr bool kFits = requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p); }
};
template <> struct FieldTable<17> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q); }
};
template <> struct FieldTable<18> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r); }
};
template <> struct FieldTable<19> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s); }
};
template <> struct FieldTable<20> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t); }
};
template <> struct FieldTable<21> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u); }
};
template <> struct FieldTable<22> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v); }
};
template <> struct FieldTable<23> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w); }
};
template <> struct FieldTable<24> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x); }
};
template <> struct FieldTable<25> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y); }
};
template <> struct FieldTable<26> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z); }
};
template <> struct FieldTable<27> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa); }
};
template <> struct FieldTable<28> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb); }
};
template <> struct FieldTable<29> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc); }
};
template <> struct FieldTable<30> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd); }
};
template <> struct FieldTable<31> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd, ee] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd, ee); }
};
template <> struct FieldTable<32> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
  template <class T, class F> static constexpr decltype(auto) Visit(T& value, F&& visit) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd, ee, ff] = value;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd, ee, ff); }
};
template <> struct FieldTable<33> {
  template <class T> static constexpr bool kFits = requires {
    T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
};
// clang-format on

// Converts to the base classes of T and to nothing else.
template <class T>
struct BaseOf {
  template <class Base>
  // NOLINTNEXTLINE(google-explicit-constructor): that is what it is for
  requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>) operator Base() const;
};

// Binary search in [Low, High]: Low fits, High + 1 does not.
template <class T, size_t Low, size_t High>
consteval size_t SearchFieldCount() {
  if constexpr (Low == High) {
    return Low;
  } else {
    constexpr size_t kMiddle = (Low + High + 1) / 2;
    if constexpr (FieldTable<kMiddle>::template kFits<T>) {
      return SearchFieldCount<T, kMiddle, High>();
    } else {
      return SearchFieldCount<T, Low, kMiddle - 1>();
    }
  }
}

// Whether the fields of T can be visited: an aggregate without base classes, whose fields can all be
// default-initialised (no references), and at most kMaxFields of them.
template <class T>
consteval bool CanVisitFields() {
  if constexpr (!std::is_aggregate_v<T> || !std::is_class_v<T>) {
    return false;
  } else if constexpr (!FieldTable<0>::kFits<T> || FieldTable<kMaxFields + 1>::kFits<T>) {
    return false;
  } else {
    return !requires { T{BaseOf<T>{}}; };
  }
}

template <class T>
inline constexpr size_t kFieldCount = SearchFieldCount<std::remove_const_t<T>, 0, kMaxFields>();

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_FIELDS_H_
