// The kernels of a training step in C++ with 128-bit vectors: the same operations in the same order as kernels/, so that results are equal bit for bit.
// speed/native.mjs builds this file with g++ and compares the speeds.
//
//     kernels IMAGE CALLS RESULT   reads an image of the engine's memory and a list of calls, runs the calls once and writes the memory to RESULT;
//                                  then, for each line "n" on the standard input, runs the calls n times and prints the seconds
//
// CALLS holds 64-bit floats: for each call the number of the kernel in `run` below, then 20 arguments (byte addresses, strides, counts, floats).
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <immintrin.h>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using V = __m128;
char* memory;

V load(const char* p) { return _mm_loadu_ps(reinterpret_cast<const float*>(p)); }
void store(char* p, V v) { _mm_storeu_ps(reinterpret_cast<float*>(p), v); }
V splat(const char* p) { return _mm_load1_ps(reinterpret_cast<const float*>(p)); }
float floatAt(const char* p) { return *reinterpret_cast<const float*>(p); }
int intAt(const char* p) { return *reinterpret_cast<const int*>(p); }
double doubleAt(const char* p) { return *reinterpret_cast<const double*>(p); }

V madd(V a, V b, V c) {
#ifdef FUSED
  return _mm_fmadd_ps(a, b, c);
#else
  return _mm_add_ps(_mm_mul_ps(a, b), c);
#endif
}

float sumLanes(V v) {
  alignas(16) float x[4];
  _mm_store_ps(x, v);
  return (x[0] + x[1]) + (x[2] + x[3]);
}

V normal(V x) {
  const V magnitude = _mm_andnot_ps(_mm_set1_ps(-0.0f), x);
  return _mm_and_ps(x, _mm_cmpge_ps(magnitude, _mm_set1_ps(1.17549435e-38f)));
}

template <int R>
void tile(const char* a, long aRow, long aColumn, const char* b, long bRow, char* c, long cRow, int k, bool more) {
  V sum[R][2];
  for (int r = 0; r < R; r++)
    for (int h = 0; h < 2; h++) sum[r][h] = more ? load(c + r * cRow + 16 * h) : _mm_setzero_ps();
  for (int p = 0; p < k; p++, a += aColumn, b += bRow) {
    const V b0 = load(b), b1 = load(b + 16);
    for (int r = 0; r < R; r++) {
      const V x = splat(a + r * aRow);
      sum[r][0] = madd(x, b0, sum[r][0]);
      sum[r][1] = madd(x, b1, sum[r][1]);
    }
  }
  for (int r = 0; r < R; r++)
    for (int h = 0; h < 2; h++) store(c + r * cRow + 16 * h, sum[r][h]);
}

// for multiples of 8 columns, which the cases have; six rows are the best tile where the compiler keeps the sums in registers
void product(const char* a, long aRow, long aColumn, const char* b, long bRow, long bTile, char* c, long cRow, int m, int n, int k, bool accumulate) {
  const int strip = 128;
  for (int p = 0; p < k; p += strip) {
    const int depth = std::min(strip, k - p);
    for (int j = 0; j < n; j += 8) {
      const char* bAt = b + (j >> 3) * bTile + p * bRow;
      const char* aAt = a + p * aColumn;
      char* cAt = c + j * 4;
      int i = 0;
      for (; i + 6 <= m; i += 6) tile<6>(aAt + i * aRow, aRow, aColumn, bAt, bRow, cAt + i * cRow, cRow, depth, accumulate || p > 0);
      for (; i + 2 <= m; i += 2) tile<2>(aAt + i * aRow, aRow, aColumn, bAt, bRow, cAt + i * cRow, cRow, depth, accumulate || p > 0);
      for (; i < m; i++) tile<1>(aAt + i * aRow, aRow, aColumn, bAt, bRow, cAt + i * cRow, cRow, depth, accumulate || p > 0);
    }
  }
}

void packColumns(const char* source, long stride, int rows, int count, char* packed, long packedStride) {
  const int bytes = ((count + 3) & ~3) * 4;
  for (int r = 0; r < rows; r++, source += stride, packed += packedStride)
    for (int k = 0; k < bytes; k += 16) store(packed + k, load(source + k));
}

void gatherDots(const char* query, const char* table, long stride, int d, const char* index, int count, char* out) {
  const int bytes = d * 4;
  int i = 0;
  for (; i + 4 <= count; i += 4) {
    const char* row[4];
    V sum[4];
    for (int r = 0; r < 4; r++) {
      row[r] = table + intAt(index + (i + r) * 4) * stride;
      sum[r] = _mm_setzero_ps();
    }
    for (int k = 0; k < bytes; k += 16) {
      const V q = load(query + k);
      for (int r = 0; r < 4; r++) sum[r] = madd(q, load(row[r] + k), sum[r]);
    }
    for (int r = 0; r < 4; r++) reinterpret_cast<float*>(out)[i + r] = sumLanes(sum[r]);
  }
  for (; i < count; i++) {
    const char* row = table + intAt(index + i * 4) * stride;
    V sum = _mm_setzero_ps();
    for (int k = 0; k < bytes; k += 16) sum = madd(load(query + k), load(row + k), sum);
    reinterpret_cast<float*>(out)[i] = sumLanes(sum);
  }
}

// for multiples of 32 columns
void gatherSum(char* out, const char* table, long stride, int d, const char* index, const char* coefficients, const char* coefficientIndex, int count) {
  for (int column = 0; column < d * 4; column += 128) {
    V sum[8];
    for (int h = 0; h < 8; h++) sum[h] = load(out + column + 16 * h);
    for (int i = 0; i < count; i++) {
      const V g = splat(coefficients + (coefficientIndex == memory ? i : intAt(coefficientIndex + i * 4)) * 4);
      const char* row = table + column + intAt(index + i * 4) * stride;
      for (int h = 0; h < 8; h++) sum[h] = madd(g, load(row + 16 * h), sum[h]);
    }
    for (int h = 0; h < 8; h++) store(out + column + 16 * h, sum[h]);
  }
}

int rowOf(const char* list, int slot) { return list == memory ? slot : intAt(list + slot * 4); }

// without dropout, for cosine scores
void gatherRows(const char* table, long stride, int d, const char* list, int from, int to, char* packed, char* norms) {
  const int bytes = d * 4;
  for (int slot = from; slot < to; slot++) {
    const char* source = table + rowOf(list, slot) * stride;
    char* target = packed + slot * stride;
    V s = _mm_setzero_ps();
    for (int k = 0; k < bytes; k += 16) {
      const V x = load(source + k);
      s = madd(x, x, s);
    }
    const float norm = std::max(__builtin_sqrtf(sumLanes(s)), 1e-12f);
    const V inverse = _mm_set1_ps(1 / norm);
    for (int k = 0; k < bytes; k += 16) store(target + k, _mm_mul_ps(load(source + k), inverse));
    reinterpret_cast<float*>(norms)[slot] = norm;
  }
}

void packPanels(const char* source, long stride, int d, int from, int to, char* panels) {
  for (int first = from; first < to; first += 8)
    for (int half = 0; half < 8; half += 4)
      for (int k = 0; k < d; k += 4) {
        const char* at = source + (first + half) * stride + k * 4;
        V a = load(at), b = load(at + stride), c = load(at + 2 * stride), e = load(at + 3 * stride);
        _MM_TRANSPOSE4_PS(a, b, c, e);
        char* o = panels + (first >> 3) * (d << 5) + half * 4 + (k << 5);
        store(o, a);
        store(o + 32, b);
        store(o + 64, c);
        store(o + 96, e);
      }
}

// without scales, dropout and L2, for cosine scores
void backwardRows(long stride, int d, int from, int to, const char* packed, const char* norms, char* gradients) {
  const int bytes = d * 4;
  for (int slot = from; slot < to; slot++) {
    char* g = gradients + slot * stride;
    const char* x = packed + slot * stride;
    V s = _mm_setzero_ps();
    for (int k = 0; k < bytes; k += 16) s = madd(load(g + k), load(x + k), s);
    const V along = _mm_set1_ps(-sumLanes(s));
    const V factor = _mm_set1_ps(1 / floatAt(norms + slot * 4));
    for (int k = 0; k < bytes; k += 16) store(g + k, _mm_mul_ps(madd(along, load(x + k), load(g + k)), factor));
  }
}

// for rows that are behind
void latestAdamRows(const char* table, const char* m, const char* v, const char* last, long stride, int d, const char* list, int from, int to, int now,
                    const char* sums, const char* kept, const char* epsilons, char* rows) {
  const int bytes = d * 4;
  const double keptNow = doubleAt(kept + now * 8);
  for (int slot = from; slot < to; slot++) {
    const int id = rowOf(list, slot);
    const int begin = intAt(last + id * 4);
    const V decay = _mm_set1_ps(static_cast<float>(keptNow / doubleAt(kept + begin * 8)));
    const V move = _mm_set1_ps(static_cast<float>(-keptNow * doubleAt(sums + begin * 8)));
    const V epsilon = _mm_set1_ps(static_cast<float>(doubleAt(epsilons + begin * 8)));
    const char *row = table + id * stride, *mRow = m + id * stride, *vRow = v + id * stride;
    char* target = rows + slot * stride;
    for (int k = 0; k < bytes; k += 16) {
      const V ratio = _mm_div_ps(load(mRow + k), _mm_add_ps(_mm_sqrt_ps(load(vRow + k)), epsilon));
      store(target + k, madd(move, ratio, _mm_mul_ps(load(row + k), decay)));
    }
  }
}

void adamRows(char* table, char* m, char* v, char* last, long stride, int d, const char* list, int from, int to, const char* rows, const char* gradients, int now,
              const char* powers1, const char* powers2, float beta1, float beta2, float size, float correction, float epsilon, float decay) {
  const int bytes = d * 4;
  const V b1 = _mm_set1_ps(beta1), b2 = _mm_set1_ps(beta2), a1 = _mm_set1_ps(1 - beta1), a2 = _mm_set1_ps(1 - beta2);
  const V move = _mm_set1_ps(-size), root = _mm_set1_ps(correction), eps = _mm_set1_ps(epsilon), keep = _mm_set1_ps(decay);
  for (int slot = from; slot < to; slot++) {
    const int id = rowOf(list, slot);
    const int skipped = now - 1 - intAt(last + id * 4);
    reinterpret_cast<int*>(last)[id] = now;
    const V fall1 = _mm_set1_ps(static_cast<float>(doubleAt(powers1 + skipped * 8)));
    const V fall2 = _mm_set1_ps(static_cast<float>(doubleAt(powers2 + skipped * 8)));
    const char *g = gradients + slot * stride, *x = rows + slot * stride;
    char *row = table + id * stride, *mRow = m + id * stride, *vRow = v + id * stride;
    for (int k = 0; k < bytes; k += 16) {
      const V gk = load(g + k);
      const V mk = normal(madd(a1, gk, _mm_mul_ps(b1, normal(_mm_mul_ps(load(mRow + k), fall1)))));
      const V vk = normal(madd(a2, _mm_mul_ps(gk, gk), _mm_mul_ps(b2, normal(_mm_mul_ps(load(vRow + k), fall2)))));
      store(mRow + k, mk);
      store(vRow + k, vk);
      store(row + k, madd(move, _mm_div_ps(mk, madd(_mm_sqrt_ps(vk), root, eps)), _mm_mul_ps(load(x + k), keep)));
    }
  }
}

void run(const double* call) {
  const double* x = call + 1;
  const auto at = [&](int i) { return memory + static_cast<int64_t>(x[i]); };
  const auto whole = [&](int i) { return static_cast<int>(x[i]); };
  const auto real = [&](int i) { return static_cast<float>(x[i]); };
  switch (static_cast<int>(call[0])) {
    case 0: return product(at(0), whole(1), whole(2), at(3), whole(4), whole(5), at(6), whole(7), whole(8), whole(9), whole(10), whole(11) != 0);
    case 1: return packColumns(at(0), whole(1), whole(2), whole(3), at(4), whole(5));
    case 2: return gatherDots(at(0), at(1), whole(2), whole(3), at(4), whole(5), at(6));
    case 3: return gatherSum(at(0), at(1), whole(2), whole(3), at(4), at(5), at(6), whole(7));
    case 4: return gatherRows(at(0), whole(1), whole(2), at(3), whole(5), whole(6), at(7), at(8));
    case 5: return packPanels(at(0), whole(1), whole(2), whole(3), whole(4), at(6));
    case 6: return backwardRows(whole(1), whole(2), whole(4), whole(5), at(6), at(7), at(8));
    case 7: return latestAdamRows(at(0), at(1), at(2), at(3), whole(4), whole(5), at(6), whole(7), whole(8), whole(9), at(10), at(11), at(12), at(13));
    case 8: return adamRows(at(0), at(1), at(2), at(3), whole(4), whole(5), at(6), whole(7), whole(8), at(9), at(10), whole(11), at(12), at(13), real(14), real(15), real(16), real(17), real(18), real(19));
  }
}

std::vector<char> readAll(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int, char** argv) {
  const auto image = readAll(argv[1]);
  const auto list = readAll(argv[2]);
  const int words = 21;
  const auto* calls = reinterpret_cast<const double*>(list.data());
  const size_t count = list.size() / 8 / words;
  const auto runAll = [&] { for (size_t c = 0; c < count; c++) run(calls + c * words); };
  memory = static_cast<char*>(std::aligned_alloc(65536, (image.size() + 65535) / 65536 * 65536));
  std::memcpy(memory, image.data(), image.size());
  runAll();
  std::ofstream(argv[3], std::ios::binary).write(memory, static_cast<std::streamsize>(image.size()));
  std::cout << "ready" << std::endl;
  for (int rounds; std::cin >> rounds;) {
    const auto started = std::chrono::steady_clock::now();
    for (int r = 0; r < rounds; r++) runAll();
    std::cout << std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count() << std::endl;
  }
}
