// One propagation y = D^-1/2 A D^-1/2 x over a bipartite graph, d = 64, single precision, written by hand in AVX2. propagation.mjs compares the engine's propagation with it.
//
//     g++ -O3 -mavx2 -mfma -pthread -o propagation propagation.cpp
//     ./propagation GRAPH THREADS
//
// GRAPH holds 32-bit integers: the number of nodes, then offsets [nodes + 1], then neighbours. The program first prints a checksum of the result. Then, for each line
// on standard input, it runs once and prints the seconds.
#include <immintrin.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

constexpr int d = 64;
// rows that a thread takes at a time
constexpr int chunk = 256;
// how many neighbours ahead a row is prefetched: rows lie at random places, so the hardware does not
constexpr int ahead = 8;

struct Graph {
  int32_t nodes;
  std::vector<int32_t> offsets, neighbours;
  std::vector<float> power;
};

static Graph read_graph(const char* path) {
  FILE* file = std::fopen(path, "rb");
  Graph graph;
  auto take = [&](int32_t* to, size_t count) {
    if (!file || std::fread(to, 4, count, file) != count) {
      std::fprintf(stderr, "%s is not a graph\n", path);
      std::exit(1);
    }
  };
  take(&graph.nodes, 1);
  graph.offsets.resize(graph.nodes + 1);
  take(graph.offsets.data(), graph.offsets.size());
  graph.neighbours.resize(graph.offsets[graph.nodes]);
  take(graph.neighbours.data(), graph.neighbours.size());
  std::fclose(file);
  graph.power.resize(graph.nodes);
  for (int i = 0; i < graph.nodes; i++) {
    const int degree = graph.offsets[i + 1] - graph.offsets[i];
    graph.power[i] = degree ? 1 / std::sqrt(float(degree)) : 0;
  }
  return graph;
}

static void propagate_rows(const Graph& graph, const float* x, float* y, int from, int to) {
  const int32_t* neighbours = graph.neighbours.data();
  const int entries = graph.offsets[graph.nodes];
  for (int i = from; i < to; i++) {
    __m256 sum[d / 8];
    for (auto& lane : sum) lane = _mm256_setzero_ps();
    for (int e = graph.offsets[i]; e < graph.offsets[i + 1]; e++) {
      if (e + ahead < entries) {
        const char* next = reinterpret_cast<const char*>(x + size_t(neighbours[e + ahead]) * d);
        for (int line = 0; line < d * 4; line += 64) _mm_prefetch(next + line, _MM_HINT_T0);
      }
      const float* row = x + size_t(neighbours[e]) * d;
      const __m256 weight = _mm256_set1_ps(graph.power[neighbours[e]]);
      for (int c = 0; c < d / 8; c++) sum[c] = _mm256_fmadd_ps(weight, _mm256_load_ps(row + 8 * c), sum[c]);
    }
    const __m256 own = _mm256_set1_ps(graph.power[i]);
    for (int c = 0; c < d / 8; c++) _mm256_store_ps(y + size_t(i) * d + 8 * c, _mm256_mul_ps(own, sum[c]));
  }
}

static double propagate(const Graph& graph, const float* x, float* y, int threads) {
  const auto begin = std::chrono::steady_clock::now();
  std::atomic<int> next{0};
  auto work = [&] {
    for (int from = next.fetch_add(chunk); from < graph.nodes; from = next.fetch_add(chunk)) {
      propagate_rows(graph, x, y, from, std::min(graph.nodes, from + chunk));
    }
  };
  std::vector<std::thread> helpers;
  for (int t = 1; t < threads; t++) helpers.emplace_back(work);
  work();
  for (auto& helper : helpers) helper.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "propagation GRAPH THREADS\n");
    return 1;
  }
  const Graph graph = read_graph(arguments[1]);
  const int threads = std::atoi(arguments[2]);
  const size_t size = size_t(graph.nodes) * d;
  float* x = static_cast<float*>(std::aligned_alloc(64, size * 4));
  float* y = static_cast<float*>(std::aligned_alloc(64, size * 4));
  // the same numbers as in the table of propagation.mjs
  for (size_t k = 0; k < size; k++) x[k] = float(uint32_t(k) * 2654435761u) / 4294967296.0f - 0.5f;
  propagate(graph, x, y, threads);
  double checksum = 0;
  for (size_t k = 0; k < size; k++) checksum += double(y[k]) * (int(k % 7) - 3);
  std::printf("%.9g\n", checksum);
  std::fflush(stdout);
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c != '\n') continue;
    std::printf("%.9g\n", propagate(graph, x, y, threads));
    std::fflush(stdout);
  }
}
