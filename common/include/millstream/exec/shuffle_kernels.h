// The two sides of a shuffle by key. The byte core (aggregation_table.h, shuffle_writer.h) does the work per
// record; what is typed here is the loop that folds values.
#ifndef MILLSTREAM_EXEC_SHUFFLE_KERNELS_H_
#define MILLSTREAM_EXEC_SHUFFLE_KERNELS_H_

#include <millstream/exec/aggregation_table.h>
#include <millstream/exec/function.h>
#include <millstream/exec/hash.h>
#include <millstream/exec/key_bytes.h>
#include <millstream/exec/keyed_record_reader.h>
#include <millstream/exec/narrow_kernels.h>
#include <millstream/exec/operator.h>
#include <millstream/exec/row_kernels.h>
#include <millstream/exec/spilling_table.h>
#include <millstream/exec/storage_of.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace millstream::exec {

// The encoded keys of one chunk of rows, as views that live until the next Of().
template <class K>
class ChunkKeys {
 public:
  template <class Row>
  const std::string_view* Of(std::span<Row> rows) {
    scratch_.Clear();
    if constexpr (KeyBytes<K>::kIsText) {
      for (size_t i = 0; i < rows.size(); ++i) keys_[i] = KeyBytes<K>::Of(rows[i].first, scratch_);
    } else {
      uint32_t ends[AggregationTable::kBatch];
      for (size_t i = 0; i < rows.size(); ++i) {
        Codec<K>::Encode(rows[i].first, scratch_);
        ends[i] = static_cast<uint32_t>(scratch_.size());
      }
      uint32_t begin = 0;
      for (size_t i = 0; i < rows.size(); begin = ends[i], ++i)
        keys_[i] = scratch_.view().substr(begin, ends[i] - begin);
    }
    return keys_;
  }

 private:
  std::string_view keys_[AggregationTable::kBatch];
  Encoder scratch_;
};

// A flat type without text is encoded in a constant number of bytes.
template <class V>
constexpr ValueExtent ExtentOf() {
  if constexpr (kFlat<V> && (kFacts<V> & kHoldsText) == 0) {
    return {.fixed_size = FlatBound(V{})};
  } else {
    return {.skip = [](const char* begin, const char* end) -> const char* {
      Decoder decoder({begin, static_cast<size_t>(end - begin)});
      V value{};
      return Codec<V>::Decode(decoder, value) ? decoder.position() : nullptr;
    }};
  }
}

// Heap bytes of an accumulator, about.
template <class A>
size_t HeapBytes(const A& value) {
  if constexpr (std::is_trivially_copyable_v<A>) {
    return 0;
  } else {
    size_t bytes = 0;
    ForEachText(value, [&bytes](const char*, size_t size) { bytes += size; });
    if constexpr (kShape<A> == Shape::kList) bytes += value.size() * sizeof(typename A::value_type);
    return bytes;
  }
}

// Values of one key folded with F into one StorageOf<V>.
template <class K, class V, class F>
class Combiner {
 public:
  using Acc = StorageOf<V>;

  static SlotType Slot(const F& f) {
    return {.size = sizeof(Acc),
            .align = alignof(Acc),
            .destroy = std::is_trivially_destructible_v<Acc>
                           ? nullptr
                           : +[](void* slot) { static_cast<Acc*>(slot)->~Acc(); },
            .encode = [](const void* slot,
                         Encoder& out) { Codec<Acc>::Encode(*static_cast<const Acc*>(slot), out); },
            .decode =
                [](std::string_view bytes, void* slot) {
                  Decoder decoder(bytes);
                  Acc value{};
                  if (!Codec<Acc>::Decode(decoder, value) || !decoder.empty()) return false;
                  ::new (slot) Acc(std::move(value));
                  return true;
                },
            .merge =
                [](const void* context, void* into, void* from) {
                  F fold = *static_cast<const F*>(context);
                  FoldInto<V>(fold, *static_cast<Acc*>(into), Borrow<V>(*static_cast<Acc*>(from)));
                },
            .context = &f};
  }

  // Folds values[i] into the slot of keys[i], in order; value(i) gives a V.
  template <class Value>
  static void Fold(AggregationTable& table, std::span<const std::string_view> keys, F& f, Value value) {
    void* slots[AggregationTable::kBatch];
    uint8_t inserted[AggregationTable::kBatch];
    table.Upsert(keys, slots, inserted);
    if constexpr (std::is_trivially_copyable_v<Acc>) {
      for (size_t i = 0; i < keys.size(); ++i) {
        Acc& total = *static_cast<Acc*>(slots[i]);
        if (inserted[i]) {
          total = ToStorage<V>(value(i));
        } else {
          FoldInto<V>(f, total, value(i));
        }
      }
    } else {
      // All new slots first: a fold may throw, and the table destroys every slot.
      for (size_t i = 0; i < keys.size(); ++i) {
        if (inserted[i]) ::new (slots[i]) Acc();
      }
      ptrdiff_t delta = 0;
      for (size_t i = 0; i < keys.size(); ++i) {
        Acc& total = *static_cast<Acc*>(slots[i]);
        const size_t before = HeapBytes(total);
        if (inserted[i]) {
          total = ToStorage<V>(value(i));
        } else {
          FoldInto<V>(f, total, value(i));
        }
        delta += static_cast<ptrdiff_t>(HeapBytes(total)) - static_cast<ptrdiff_t>(before);
      }
      table.Charge(delta);
    }
  }
};

// Map side of ReduceByKey: combines what one task sees of a key, then deals the totals to the reducers.
template <class K, class V, class F>
class CombineKernel : public Operator<std::pair<K, V>> {
 public:
  using Row = std::pair<K, V>;
  explicit CombineKernel(KernelArgs& args) : Operator<Row>(args), f_(FunctionOf<F>(args)), sink_(args.sink) {}

  bool Next(Chunk&) override {
    AggregationTable table(Combiner<K, V, F>::Slot(f_));
    Reservation reservation(this->env_.memory);
    ShuffleWriter writer(static_cast<uint32_t>(this->env_.output_partitions), sink_);
    Chunk in;
    while (this->Pull(in)) {
      const std::span<Row> rows = in.As<Row>();
      Combiner<K, V, F>::Fold(table, {keys_.Of(rows), rows.size()}, f_,
                              [rows](size_t i) { return std::move(rows[i].second); });
      if (table.bytes() > this->env_.table_bytes) {
        writer.AppendTable(table);
        table.Clear();
      }
      reservation.Resize(table.bytes());
    }
    writer.AppendTable(table);
    ThrowIfError(writer.Finish());
    return false;
  }

 private:
  F f_;
  SliceSink* const sink_;
  ChunkKeys<K> keys_;
};

// Map side of GroupByKey: every record goes to its reducer.
template <class K, class V>
class KeyedWriteKernel : public Operator<std::pair<K, V>> {
 public:
  using Row = std::pair<K, V>;
  explicit KeyedWriteKernel(KernelArgs& args) : Operator<Row>(args), sink_(args.sink) {}

  bool Next(Chunk&) override {
    ShuffleWriter writer(static_cast<uint32_t>(this->env_.output_partitions), sink_);
    uint64_t hashes[AggregationTable::kBatch];
    Encoder value_bytes;
    Chunk in;
    while (this->Pull(in)) {
      const std::span<Row> rows = in.As<Row>();
      const std::string_view* keys = keys_.Of(rows);
      HashKeys(keys, rows.size(), hashes);
      for (size_t i = 0; i < rows.size(); ++i) {
        value_bytes.Clear();
        Codec<V>::Encode(rows[i].second, value_bytes);
        writer.Append(hashes[i], keys[i], value_bytes.view());
      }
    }
    ThrowIfError(writer.Finish());
    return false;
  }

 private:
  SliceSink* const sink_;
  ChunkKeys<K> keys_;
};

// A shuffle partition's records, batch by batch, in map order.
class KeyedInput {
 public:
  KeyedInput(const char* operation, std::unique_ptr<SliceStream> slices, ValueExtent extent);
  ~KeyedInput();

  // False at the end; the views are valid until the next call.
  bool Next(size_t& count);
  const std::string_view* keys() const { return keys_; }
  const std::string_view* values() const { return values_; }

 private:
  const char* const operation_;
  std::unique_ptr<SliceStream> slices_;
  const ValueExtent extent_;
  Bytes slice_;
  KeyedRecordReader reader_;
  std::string_view keys_[AggregationTable::kBatch];
  std::string_view values_[AggregationTable::kBatch];
};

template <class T>
T DecodeWhole(std::string_view bytes, const char* operation) {
  Decoder decoder(bytes);
  T value{};
  if (!Codec<T>::Decode(decoder, value)) ThrowCorruptRows(operation);
  return value;
}

template <class K>
K DecodeKey(std::string_view bytes, const char* operation) {
  K key{};
  if (!KeyBytes<K>::Decode(bytes, key)) ThrowCorruptRows(operation);
  return key;
}

// The reduce side's frame: fills a table from the shuffle, then hands out rows made of its entries.
class TableReader : public ChunkStream {
 public:
  ~TableReader() override;
  bool Next(Chunk& out) override;

 protected:
  TableReader(KernelArgs& args, ValueExtent extent, const SlotType& slot);

  // Takes the next `count` records of input_ into table_.
  virtual void Take(size_t count) = 0;
  // The rows made of `entries`, at most env_.chunk_rows; valid until the next call.
  virtual Chunk Emit(std::span<const TableEntry> entries) = 0;

  TaskEnv& env_;
  const char* const operation_;
  KeyedInput input_;
  SpillingTable table_;

 private:
  std::vector<TableEntry> entries_;
  bool loaded_ = false;
};

// Holds what a base class's constructor needs.
template <class F>
struct FunctionHolder {
  F f;
};

// Reduce side of ReduceByKey.
template <class K, class V, class F>
class ReduceByKeyKernel : private FunctionHolder<F>, public TableReader {
 public:
  using Row = std::pair<K, V>;
  explicit ReduceByKeyKernel(KernelArgs& args)
      : FunctionHolder<F>{FunctionOf<F>(args)},
        TableReader(args, ExtentOf<V>(), Combiner<K, V, F>::Slot(FunctionHolder<F>::f)),
        out_(env_.chunk_rows) {}

 private:
  void Take(size_t count) override {
    const std::string_view* values = input_.values();
    Combiner<K, V, F>::Fold(table_.table(), {input_.keys(), count}, FunctionHolder<F>::f,
                            [this, values](size_t i) { return DecodeWhole<V>(values[i], operation_); });
  }
  Chunk Emit(std::span<const TableEntry> entries) override {
    out_.Clear();
    for (const TableEntry& entry : entries) {
      out_.Emplace(DecodeKey<K>(entry.key, operation_), Borrow<V>(*static_cast<StorageOf<V>*>(entry.slot)));
    }
    return out_.chunk();
  }

  RowBuffer<Row> out_;
};

// Reduce side of GroupByKey: each key with its values in input order.
template <class K, class V>
class GroupByKeyKernel : public TableReader {
 public:
  using Row = std::pair<K, std::vector<V>>;
  explicit GroupByKeyKernel(KernelArgs& args)
      : TableReader(args, ExtentOf<V>(), GroupSlotType()), out_(env_.chunk_rows) {}

 private:
  void Take(size_t count) override {
    void* slots[AggregationTable::kBatch];
    uint8_t inserted[AggregationTable::kBatch];
    AggregationTable& table = table_.table();
    table.Upsert({input_.keys(), count}, slots, inserted);
    for (size_t i = 0; i < count; ++i) {
      if (inserted[i]) ::new (slots[i]) GroupList{};
      table.AppendValue(slots[i], input_.values()[i]);
    }
  }
  Chunk Emit(std::span<const TableEntry> entries) override {
    out_.Clear();
    for (const TableEntry& entry : entries) {
      out_.Emplace(DecodeKey<K>(entry.key, operation_), Values(*static_cast<const GroupList*>(entry.slot)));
    }
    return out_.chunk();
  }
  std::vector<V> Values(const GroupList& group) const {
    std::vector<V> values;
    values.reserve(group.values);
    for (const GroupBlock* block = group.first; block != nullptr; block = block->next) {
      for (Decoder decoder(block->view()); !decoder.empty();) {
        V value{};
        if (!Codec<V>::Decode(decoder, value)) ThrowCorruptRows(operation_);
        values.push_back(std::move(value));
      }
    }
    return values;
  }

  RowBuffer<Row> out_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_SHUFFLE_KERNELS_H_
