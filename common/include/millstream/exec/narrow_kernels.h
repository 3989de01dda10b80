// The kernels of operations within a partition: one class per operation, typed inside, called once per chunk.
#ifndef MILLSTREAM_EXEC_NARROW_KERNELS_H_
#define MILLSTREAM_EXEC_NARROW_KERNELS_H_

#include <millstream/exec/function.h>
#include <millstream/exec/operator.h>
#include <millstream/exec/range_cursor.h>
#include <millstream/exec/reader.h>
#include <millstream/exec/storage_of.h>

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace millstream::exec {

[[noreturn]] void ThrowCorruptClosure(const char* operation);

template <class F>
F FunctionOf(const KernelArgs& args) {
  F function{};
  Decoder decoder(args.state);
  if (!DecodeFunction(decoder, function)) ThrowCorruptClosure(args.operation);
  return function;
}

template <class T, class F>
class MapKernel : public Operator<T> {
 public:
  using Out = std::remove_cvref_t<CallResult<F, T>>;
  explicit MapKernel(KernelArgs& args)
      : Operator<T>(args), f_(FunctionOf<F>(args)), out_(args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    out_.Clear();
    Chunk in;
    if (!this->Pull(in)) return false;
    for (T& row : in.As<T>()) out_.Emplace(Call(f_, std::move(row)));
    this->Give(out_, out);
    return true;
  }

 private:
  F f_;
  RowBuffer<Out> out_;
};

template <class T, class F>
class FilterKernel : public Operator<T> {
 public:
  explicit FilterKernel(KernelArgs& args) : Operator<T>(args), f_(FunctionOf<F>(args)) {}

  bool Next(Chunk& out) override {
    Chunk in;
    if (!this->Pull(in)) return false;
    T* const rows = in.As<T>().data();
    size_t kept = 0;
    for (size_t i = 0; i < in.count; ++i) {
      const bool keep = static_cast<bool>(Call(f_, std::as_const(rows[i])));
      if constexpr (std::is_trivially_copyable_v<T>) {
        rows[kept] = rows[i];
        kept += keep;
      } else if (keep) {
        if (kept != i) rows[kept] = std::move(rows[i]);
        ++kept;
      }
    }
    out = {rows, kept};
    return true;
  }

 private:
  F f_;
};

// A function that splits whole chunks of texts at once: `F::Chunks` goes over an array of views.
template <class F>
concept SplitsChunks = requires(typename F::Chunks& chunks, const std::string_view* texts,
                                std::string_view* out) {
  chunks.Next(texts, size_t{}, out, size_t{});
};

template <class T, class F>
class FlatMapKernel : public Operator<T> {
 public:
  using Result = CallResult<F, const T&>;
  using Out = typename RangeCursor<Result>::Row;
  explicit FlatMapKernel(KernelArgs& args)
      : Operator<T>(args), f_(FunctionOf<F>(args)), out_(args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    out_.Clear();
    this->env_.operation = this->operation_;
    // Rows of one output chunk view one input chunk, so that chunk is finished before the next is pulled.
    while (!out_.full()) {
      if (range_) {
        if (!range_->Fill(out_)) break;
        if (kMayOwnText<Result> && out_.size() > 0)
          break;  // the rows view the range: it ends with the next chunk
        range_.reset();
      } else if (next_ < in_.count) {
        range_.emplace(Call(f_, std::as_const(in_.As<T>()[next_])));
        ++next_;
      } else if (out_.size() > 0) {
        break;
      } else {
        if (!this->Pull(in_)) return false;
        next_ = 0;
      }
    }
    this->Give(out_, out);
    return true;
  }

 private:
  F f_;
  RowBuffer<Out> out_;
  Chunk in_;
  size_t next_ = 0;
  std::optional<RangeCursor<Result>> range_;
};

template <class T, class F>
class SplitKernel : public Operator<T> {
 public:
  using Out = std::string_view;
  using OverViews = SplitKernel<std::string_view, F>;
  explicit SplitKernel(KernelArgs& args) : Operator<T>(args), out_(args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    for (;;) {
      const size_t count = splitter_.Next(texts_, text_count_, out_.data(), out_.capacity());
      if (count > 0) {
        out_.Resize(count);
        this->Give(out_, out);
        return true;
      }
      Chunk in;
      if (!this->Pull(in)) return false;
      if constexpr (std::is_same_v<T, std::string_view>) {
        texts_ = in.As<T>().data();
      } else {
        views_.assign(in.As<T>().begin(), in.As<T>().end());
        texts_ = views_.data();
      }
      text_count_ = in.count;
      splitter_ = {};
    }
  }

 private:
  typename F::Chunks splitter_;
  RowBuffer<std::string_view> out_;
  std::vector<std::string_view> views_;
  const std::string_view* texts_ = nullptr;
  size_t text_count_ = 0;
};

template <class T, class F>
class MapPartitionsKernel : public Operator<T>, private RowPuller {
 public:
  using Result = std::invoke_result_t<F&, Reader<T>&>;
  using Out = typename RangeCursor<Result>::Row;
  explicit MapPartitionsKernel(KernelArgs& args)
      : Operator<T>(args), f_(FunctionOf<F>(args)), reader_(*this), out_(args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    out_.Clear();
    texts_.clear();
    pinned_ = 0;
    this->env_.operation = this->operation_;
    if (!range_) range_.emplace(f_(reader_));
    range_->Fill(out_);
    if (out_.size() == 0) return false;
    this->Give(out_, out);
    return true;
  }

 private:
  bool PullRows(Chunk& chunk) override {
    if constexpr (HasView<Out>) PinRows();
    return this->Pull(chunk);
  }

  // A lazy range reads on while rows that view the chunk it leaves wait in `out_`: they get a copy of their
  // text.
  void PinRows() {
    if (pinned_ == out_.size()) return;
    const std::span<Out> rows = out_.chunk().template As<Out>().subspan(pinned_);
    Encoder bytes;
    for (const Out& row : rows) Codec<Out>::Encode(row, bytes);
    texts_.push_back(bytes.Take());
    Decoder decoder(texts_.back());
    for (Out& row : rows) {
      if (!Codec<Out>::Decode(decoder, row))
        throw TaskError(absl::InternalError("a row does not decode as it was encoded"));
    }
    pinned_ = out_.size();
  }

  F f_;
  Reader<T> reader_;
  RowBuffer<Out> out_;
  std::deque<std::string> texts_;
  size_t pinned_ = 0;  // rows of out_ whose text is in texts_
  std::optional<RangeCursor<Result>> range_;
};

// Calls f with each row; yields nothing.
template <class T, class F>
class ForEachKernel : public Operator<T> {
 public:
  explicit ForEachKernel(KernelArgs& args) : Operator<T>(args), f_(FunctionOf<F>(args)) {}

  bool Next(Chunk&) override {
    Chunk in;
    while (this->Pull(in)) {
      for (T& row : in.As<T>()) Call(f_, std::move(row));
    }
    return false;
  }

 private:
  F f_;
};

// Calls f with the partition's reader; yields nothing.
template <class T, class F>
class ForEachPartitionKernel : public Operator<T>, private RowPuller {
 public:
  explicit ForEachPartitionKernel(KernelArgs& args) : Operator<T>(args), f_(FunctionOf<F>(args)) {}

  bool Next(Chunk&) override {
    Reader<T> reader(*this);
    this->env_.operation = this->operation_;
    f_(reader);
    return false;
  }

 private:
  bool PullRows(Chunk& chunk) override { return this->Pull(chunk); }
  F f_;
};

// A T made of a stored one: moved out of it, or viewing it.
template <class T>
T Borrow(StorageOf<T>& stored) {
  if constexpr (std::is_same_v<StorageOf<T>, T>) {
    return std::move(stored);
  } else {
    return ViewOf<T>(stored);
  }
}

// `into` = f(into, row); the result may view either of them.
template <class T, class F>
void FoldInto(F& f, StorageOf<T>& into, T&& row) {
  into = ToStorage<T>(static_cast<T>(f(Borrow<T>(into), std::forward<T>(row))));
}

// The fold of a partition's rows: one row, or none if there were none.
template <class T, class F>
class ReduceKernel : public Operator<T> {
 public:
  explicit ReduceKernel(KernelArgs& args) : Operator<T>(args), f_(FunctionOf<F>(args)), out_(1) {}

  bool Next(Chunk& out) override {
    if (done_) return false;
    done_ = true;
    Chunk in;
    while (this->Pull(in)) {
      for (T& row : in.As<T>()) {
        if (total_) {
          FoldInto<T>(f_, *total_, std::move(row));
        } else {
          total_ = ToStorage<T>(std::move(row));
        }
      }
    }
    if (!total_) return false;
    out_.Emplace(ViewOf<T>(*total_));
    this->Give(out_, out);
    return true;
  }

 private:
  F f_;
  std::optional<StorageOf<T>> total_;
  RowBuffer<T> out_;
  bool done_ = false;
};

// A partition's rows as one vector of owning values.
template <class T>
class GlomKernel : public Operator<T> {
 public:
  using Out = std::vector<StorageOf<T>>;
  explicit GlomKernel(KernelArgs& args) : Operator<T>(args), out_(1) {}

  bool Next(Chunk& out) override {
    if (done_) return false;
    done_ = true;
    Out rows;
    Chunk in;
    while (this->Pull(in)) {
      for (T& row : in.As<T>()) rows.push_back(ToStorage<T>(std::move(row)));
    }
    out_.Emplace(std::move(rows));
    this->Give(out_, out);
    return true;
  }

 private:
  RowBuffer<Out> out_;
  bool done_ = false;
};

[[noreturn]] void ThrowUnequalZip(const char* operation);

// Pairs the rows of two parents one by one.
template <class T, class U>
class ZipKernel : public ChunkStream {
 public:
  explicit ZipKernel(KernelArgs& args)
      : operation_(args.operation),
        left_(std::move(args.inputs.at(0))),
        right_(std::move(args.inputs.at(1))),
        out_(args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    out_.Clear();
    const bool has_left = left_.Fill(), has_right = right_.Fill();
    if (has_left != has_right) ThrowUnequalZip(operation_);
    if (!has_left) return false;
    while (!out_.full() && left_.at < left_.chunk.count && right_.at < right_.chunk.count) {
      out_.Emplace(std::move(left_.chunk.template As<T>()[left_.at++]),
                   std::move(right_.chunk.template As<U>()[right_.at++]));
    }
    out = out_.chunk();
    return true;
  }

 private:
  struct Side {
    explicit Side(std::unique_ptr<ChunkStream> rows) : input(std::move(rows)) {}
    bool Fill() {
      while (at == chunk.count) {
        chunk = {};
        at = 0;
        if (!input->Next(chunk)) return false;
      }
      return true;
    }
    std::unique_ptr<ChunkStream> input;
    Chunk chunk;
    size_t at = 0;
  };

  const char* const operation_;
  Side left_;
  Side right_;
  RowBuffer<std::pair<T, U>> out_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_NARROW_KERNELS_H_
