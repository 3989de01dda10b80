// File: millstream/exec/key_bytes.h
// Keys as bytes: what is hashed, compared, shuffled and persisted. Keys are equal if and only if their bytes
// are.
#ifndef MILLSTREAM_EXEC_KEY_BYTES_H_
#define MILLSTREAM_EXEC_KEY_BYTES_H_

#include <millstream/exec/codec.h>

#include <string_view>
#include <type_traits>

namespace millstream::exec {

// The bytes of a string or view are its text; those of any other key are its Codec's.
template <class K>
struct KeyBytes {
  // Whether Of returns the key's own bytes instead of a copy in `scratch`.
  static constexpr bool kIsText = kShape<K> == Shape::kString || kShape<K> == Shape::kView;

  // Valid while the key is (text) or until the next use of scratch, whose contents are lost.
  static std::string_view Of(const K& key, Encoder& scratch) {
    if constexpr (kIsText) {
      return key;
    } else {
      scratch.Clear();
      Codec<K>::Encode(key, scratch);
      return scratch.view();
    }
  }

  // False if the bytes are not exactly one key. A view points into the bytes.
  static bool Decode(std::string_view bytes, K& key) {
    if constexpr (kIsText) {
      key = bytes;
      return true;
    } else {
      Decoder decoder(bytes);
      return Codec<K>::Decode(decoder, key) && decoder.empty();
    }
  }
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_KEY_BYTES_H_
