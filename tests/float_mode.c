/* The floating-point mode of this thread, as the libraries set it that have the processor flush subnormal numbers to zero. */

#include <stdint.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#define FLUSHING 0x8040u /* flush results to zero, take operands as zero */
#define UPWARD 0x4000u
static uint64_t get(void) { return _mm_getcsr() & ~0x3fu; } /* without the flags of what has happened */
static void set(uint64_t mode) { _mm_setcsr((unsigned)mode); }
#elif defined(__aarch64__)
#define FLUSHING (1ull << 24)
#define UPWARD (1ull << 22)
static uint64_t get(void) {
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static void set(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
#endif

uint64_t get_mode(void) { return get(); }

void set_mode(uint64_t mode) { set(mode); }

uint64_t flushing(void) { return get() | FLUSHING; }

uint64_t rounding_up(void) { return get() | UPWARD; }
