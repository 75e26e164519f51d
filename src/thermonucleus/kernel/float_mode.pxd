"""The floating-point mode of the thread: the usual one while the kernel works, whatever the caller has set.

Some libraries have the processor flush subnormal numbers to zero (`torch.set_flush_denormal`; any module that gcc below 13 has
linked with -ffast-math, in the thread that loads it and in those that it starts). Bits would differ then, and floats that are not
equal would compare as equal, which the searches rely on not to happen: they would never end.
"""

cdef extern from *:
    """
    #if defined(__x86_64__) || defined(_M_X64)
    #include <xmmintrin.h>
    typedef unsigned int thermonucleus_mode;
    /* To nearest, no flushing, no traps: what a process starts with. The lowest six bits are flags, not mode. */
    #define THERMONUCLEUS_USUAL_MODE 0x1f80u
    #define THERMONUCLEUS_MODE_BITS 0xffc0u
    #define THERMONUCLEUS_GET_MODE() _mm_getcsr()
    #define THERMONUCLEUS_SET_MODE(mode) _mm_setcsr(mode)
    #elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
    typedef unsigned long long thermonucleus_mode;
    #define THERMONUCLEUS_USUAL_MODE 0ull
    #define THERMONUCLEUS_MODE_BITS (~0ull)
    static inline thermonucleus_mode thermonucleus_get_mode(void) {
        thermonucleus_mode mode;
        __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
        return mode;
    }
    #define THERMONUCLEUS_GET_MODE() thermonucleus_get_mode()
    #define THERMONUCLEUS_SET_MODE(mode) __asm__ volatile("msr fpcr, %0" : : "r"(mode))
    #else
    typedef int thermonucleus_mode;
    #define THERMONUCLEUS_USUAL_MODE 0
    #define THERMONUCLEUS_MODE_BITS 0
    #define THERMONUCLEUS_GET_MODE() 0
    #define THERMONUCLEUS_SET_MODE(mode) ((void) (mode))
    #endif
    /* Compilers do not know that arithmetic depends on the mode. But what the kernel computes with comes from memory, and what it
       finds out goes there; and no access to memory may move across these. */
    #if defined(__GNUC__) || defined(__clang__)
    #define THERMONUCLEUS_KEEP_ORDER() __asm__ volatile("" : : : "memory")
    #else
    #define THERMONUCLEUS_KEEP_ORDER() ((void) 0)
    #endif
    static CYTHON_INLINE thermonucleus_mode thermonucleus_enter_usual_mode(void) {
        thermonucleus_mode mode = THERMONUCLEUS_GET_MODE();
        if ((mode & THERMONUCLEUS_MODE_BITS) != THERMONUCLEUS_USUAL_MODE) {
            THERMONUCLEUS_SET_MODE(THERMONUCLEUS_USUAL_MODE);
        }
        THERMONUCLEUS_KEEP_ORDER();
        return mode;
    }
    static CYTHON_INLINE void thermonucleus_leave_usual_mode(thermonucleus_mode mode) {
        THERMONUCLEUS_KEEP_ORDER();
        if ((mode & THERMONUCLEUS_MODE_BITS) != THERMONUCLEUS_USUAL_MODE) {
            THERMONUCLEUS_SET_MODE(mode);
        }
    }
    """
    ctypedef unsigned long long Mode "thermonucleus_mode"
    Mode enter_usual_mode "thermonucleus_enter_usual_mode"() noexcept nogil
    void leave_usual_mode "thermonucleus_leave_usual_mode"(Mode mode) noexcept nogil
