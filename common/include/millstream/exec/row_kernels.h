// Rows to slices and back: what is kept, collected or dealt out without a key.
#ifndef MILLSTREAM_EXEC_ROW_KERNELS_H_
#define MILLSTREAM_EXEC_ROW_KERNELS_H_

#include <millstream/exec/operator.h>
#include <millstream/exec/slice_writer.h>

#include <memory>
#include <utility>

namespace millstream::exec {

[[noreturn]] void ThrowCorruptRows(const char* operation);

// Writes every row, encoded, to partition 0 of the sink.
template <class T>
class EncodeKernel : public Operator<T> {
 public:
  explicit EncodeKernel(KernelArgs& args) : Operator<T>(args), sink_(args.sink) {}

  bool Next(Chunk&) override {
    SliceWriter writer;
    Encoder row_bytes;
    Chunk in;
    while (this->Pull(in)) {
      for (const T& row : in.As<T>()) {
        row_bytes.Clear();
        Codec<T>::Encode(row, row_bytes);
        writer.Append(row_bytes.view());
      }
      for (Bytes& slice : writer.TakeFinished()) ThrowIfError(sink_->Add(0, std::move(slice)));
    }
    for (Bytes& slice : writer.Take()) ThrowIfError(sink_->Add(0, std::move(slice)));
    return false;
  }

 private:
  SliceSink* const sink_;
};

// Deals encoded rows to the reducers in turn, from a start that differs by map partition.
template <class T>
class DealKernel : public Operator<T> {
 public:
  explicit DealKernel(KernelArgs& args) : Operator<T>(args), sink_(args.sink) {}

  bool Next(Chunk&) override {
    ShuffleWriter writer(static_cast<uint32_t>(this->env_.output_partitions), sink_,
                         static_cast<uint64_t>(this->env_.partition) * 0x9e3779b97f4a7c15);
    Encoder row_bytes;
    Chunk in;
    while (this->Pull(in)) {
      for (const T& row : in.As<T>()) {
        row_bytes.Clear();
        Codec<T>::Encode(row, row_bytes);
        writer.AppendRow(row_bytes.view());
      }
    }
    ThrowIfError(writer.Finish());
    return false;
  }

 private:
  SliceSink* const sink_;
};

// Rows from slices; views point into the slice, which is held until its last chunk was consumed.
template <class T>
class DecodeKernel : public ChunkStream {
 public:
  explicit DecodeKernel(KernelArgs& args)
      : operation_(args.operation), slices_(std::move(args.slices)), out_(args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    out_.Clear();
    while (decoder_.empty()) {
      if (!slices_->Next(slice_)) return false;
      decoder_ = Decoder(slice_.view);
    }
    while (!out_.full() && !decoder_.empty()) {
      out_.Emplace();
      if (!Codec<T>::Decode(decoder_, out_.data()[out_.size() - 1])) ThrowCorruptRows(operation_);
    }
    out = out_.chunk();
    return true;
  }

 private:
  const char* const operation_;
  std::unique_ptr<SliceStream> slices_;
  Bytes slice_;
  Decoder decoder_{{}};
  RowBuffer<T> out_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_ROW_KERNELS_H_
