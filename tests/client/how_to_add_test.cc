// docs/how-to-add.md, "An operator", followed for two sample operators, with public headers alone.
#include <millstream/testing.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/client/context_test.h"

namespace millstream {

// 1. Derived: one row per key, its number of values. Empty for an empty batch; in no order.
template <template <class> class Handle, class K, class V>
auto CountByKey(const Handle<std::pair<K, V>>& pairs) {
  return pairs.MapValues([](const V&) { return int64_t{1}; }).ReduceByKey(std::plus<>());
}

namespace exec {

// 2. A kernel: the rows of a partition without those that equal the row before them.
template <class T>
class ChangesKernel : public Operator<T> {
 public:
  explicit ChangesKernel(KernelArgs& args) : Operator<T>(args), out_(args.env->chunk_rows) {}

  bool Next(Chunk& out) override {
    out_.Clear();
    Chunk in;
    if (!this->Pull(in)) return false;
    for (T& row : in.As<T>()) {
      if (last_ && ViewOf<T>(*last_) == row) continue;
      last_ = ToStorage<T>(row);
      out_.Emplace(std::move(row));
    }
    this->Give(out_, out);
    return true;
  }

 private:
  std::optional<StorageOf<T>> last_;  // outlives the chunk, so it owns its text
  RowBuffer<T> out_;                  // views the input chunk
};

}  // namespace exec

// 3. The method, here as a function over RDD and DStream alike. A row of a partition that equals the one
// before it is dropped, the others keep their order; an empty batch stays empty.
template <template <class> class Handle, class T>
Handle<T> Changes(const Handle<T>& rows, const graph::Where& where = graph::Where::current()) {
  exec::RequireStorable<T>();
  return Handle<T>(graph::Apply(rows.untyped(), {.name = "Changes",
                                                 .where = where,
                                                 .kernel = ops::Native<exec::ChangesKernel<T>, T, T>(),
                                                 .rows = ops::RowsOf<T>()}));
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::RunBatches;
using ::testing::UnorderedElementsAre;
using Texts = std::vector<std::string>;

// 4. Tests: several chunks, an empty batch, an empty partition, views in and owned values out.
class HowToAdd : public ContextTest {};

TEST_F(HowToAdd, ADerivedOperatorWorksOnRdds) {
  const auto pairs = sc().Parallelize({"a", "b", "a"}, 2).KeyBy([](const std::string& text) { return text; });
  EXPECT_THAT(CountByKey(pairs).Collect().value(), UnorderedElementsAre(Pair("a", 2), Pair("b", 1)));
}

TEST_F(HowToAdd, AKernelWorksAcrossChunksAndOnEmptyPartitions) {
  EXPECT_EQ(Changes(sc().Range(0, 5000, 1, 2).Map([](int64_t row) { return row / 1000; })).Collect().value(),
            (std::vector<int64_t>{0, 1, 2, 2, 3, 4}));
  EXPECT_EQ(Changes(sc().Parallelize({"x"}, 3)).Collect().value(), (Texts{"x"}));
}

TEST(HowToAddToStreams, AKernelSeesViewsAndKeepsNone) {
  const std::vector<Texts> input{{"to to be", "be be or or", "or"}, {}, {"", "be"}};
  const auto got = RunBatches(
      input, [](const DStream<std::string_view>& lines) { return Changes(lines.FlatMap(SplitWords{})); },
      {.input_partitions = 1});
  EXPECT_THAT(got.value(), ElementsAre(ElementsAre("to", "be", "or"), IsEmpty(), ElementsAre("be")));
}

TEST(HowToAddToStreams, ADerivedOperatorWorksOnStreams) {
  const auto got = RunBatches(std::vector<Texts>{{"a b a"}, {}}, [](const auto& lines) {
    return CountByKey(
        lines.FlatMap(SplitWords{}).Map([](std::string_view word) { return std::pair(word, 'x'); }));
  });
  EXPECT_THAT(got.value(), ElementsAre(UnorderedElementsAre(Pair("a", 2), Pair("b", 1)), IsEmpty()));
}

}  // namespace
}  // namespace millstream
