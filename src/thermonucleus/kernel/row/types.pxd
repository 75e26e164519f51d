"""What the rooms of the kernel hand to each other, and the layout of a row that they all rely on."""

from libc.stdint cimport int64_t


cdef extern from *:
    """
    #define THERMONUCLEUS_LANES 16
    #define THERMONUCLEUS_CHUNK 512
    #define THERMONUCLEUS_WAYS 32
    #define THERMONUCLEUS_MANY 128
    #define THERMONUCLEUS_BLOCK_CHUNKS 4
    #define THERMONUCLEUS_SHORT 8192
    #define THERMONUCLEUS_BRIEF 1024
    #define THERMONUCLEUS_UNSURVEYED 4096
    #define THERMONUCLEUS_SAMPLE 4096

    #if THERMONUCLEUS_WAYS != 2 * THERMONUCLEUS_LANES
    #error "sums in 2 LANES lanes and the groups of a chunk are walked together"
    #endif
    #if THERMONUCLEUS_CHUNK != 16 * THERMONUCLEUS_WAYS || THERMONUCLEUS_CHUNK / THERMONUCLEUS_WAYS > 32
    #error "a group has 16 members: `mark_group` has a bit of 32 for each"
    #endif
    #if THERMONUCLEUS_WAYS > 32
    #error "`mark_groups` has a bit of 32 for each group of a chunk"
    #endif
    #if THERMONUCLEUS_CHUNK != 4 * THERMONUCLEUS_MANY
    #error "the loops of chunk_sums.pxd and approximate.pxd add up four floats of a chunk in each of MANY lanes"
    #endif
    #if THERMONUCLEUS_MANY != 4 * THERMONUCLEUS_WAYS
    #error "`summarize_chunk` compares four floats of a group at once, and `halve` makes 2 LANES lanes of MANY"
    #endif
    #if THERMONUCLEUS_SAMPLE % THERMONUCLEUS_MANY
    #error "samples are summed in MANY lanes"
    #endif
    #if THERMONUCLEUS_BLOCK_CHUNKS != 4
    #error "`survey` spells BLOCK_CHUNKS as 4"
    #endif
    #if THERMONUCLEUS_SHORT % THERMONUCLEUS_CHUNK || THERMONUCLEUS_BRIEF % THERMONUCLEUS_CHUNK
    #error "what is short or brief is whole chunks"
    #endif
    #if THERMONUCLEUS_CHUNK != 512 || THERMONUCLEUS_MANY != 128 || THERMONUCLEUS_WAYS != 32
    #error "loops spell CHUNK as 512, MANY as 128 and WAYS as 32, for Cython needs a literal to know which way a loop runs"
    #endif
    """
    cdef enum:
        # Sums run in this many lanes at every instruction level, so that they round the same way at every level.
        LANES "THERMONUCLEUS_LANES"
        # A chunk of floats (2 KiB) and its weights stay in the L1 cache between two loops.
        CHUNK "THERMONUCLEUS_CHUNK"
        # Every WAYS-th float of a chunk belongs to one group of 16, whose maximum says whether any of them need be looked at.
        # (More than 16 ways also, since gcc unrolls a loop of 16 altogether, and then does not vectorise it.)
        WAYS "THERMONUCLEUS_WAYS"
        # Floats are added up in this many lanes: a lane has one float of each quarter of a chunk.
        MANY "THERMONUCLEUS_MANY"
        # Chosen: sums in float32 go on in float64 after so many chunks.
        BLOCK_CHUNKS "THERMONUCLEUS_BLOCK_CHUNKS"
        # Survivors of a cutoff are copied out, and searched there, once there are at most this many.
        SHORT "THERMONUCLEUS_SHORT"
        # Whole rows up to this size are weighed in float64 at once.
        BRIEF "THERMONUCLEUS_BRIEF"
        # Tuned, by the median time of a draw: what a survey finds out of a shorter row takes as long as it saves.
        UNSURVEYED "THERMONUCLEUS_UNSURVEYED"
        # Logits of a sample of a longer row, at most.
        SAMPLE "THERMONUCLEUS_SAMPLE"


cdef enum:
    # In place of the token that temperature 0 leaves, where there was no such temperature.
    UNDECIDED = -2
    # In place of adaptive-p's target, where there is none.
    ABSENT = -1


# What is done to a row, in order: the settings of a call, without their names. thermonucleus/settings/orders.py has the same
# numbers.
cdef enum:
    NO_STAGE
    TEMPERATURE             # what to divide the logits by; 0 leaves the first of the largest
    DYNAMIC_TEMPERATURE     # from what temperature, to what, and with what exponent
    SMOOTHING               # factor and curve
    TOP_K                   # how many
    TOP_P                   # what mass
    MIN_P                   # what part of the largest probability
    EPSILON_CUTOFF          # what probability
    ETA_CUTOFF              # what probability
    TOP_A                   # what multiple of the square of the largest probability
    TOP_N_SIGMA             # how many standard deviations
    P_LESS
    P_LESS_NORM
    TOP_H                   # what part of the entropy
    TFS                     # what part of the second differences
    MIN_K                   # its tau
    TYPICAL_P               # what mass
    XTC                     # how probably, and from what probability on
    MIROSTAT_1              # its mu, and how many tokens the law is fitted to
    MIROSTAT_2              # its mu
    ADAPTIVE_P              # the target; always last


cdef struct Step:
    double stage            # one of these
    double[3] numbers       # those of the stage, 0 for what it does not take


cdef struct Plan:
    const Step* steps
    Py_ssize_t count
    bint excluding          # how the coin of XTC has fallen, where its probability is neither 0 nor 1
    bint filling            # whether probabilities are what is wanted, of which each needs the exact mass, and not a draw


# The map from a logit to its weight, the unnormalised probability (see weights/single.pxd).
cdef struct Scale:
    float base
    float high
    float low
    float magic
    float lowest        # logits further down weigh what it weighs
    double slope
    double exponent     # N, the largest x s of the row as an integer


# What a row's running sums hold of its weights while survivors are about.
cdef enum Sums:
    NOTHING             # the survivors are all that is kept
    OTHERS              # all else that is kept
    ALL                 # all that is kept, and the survivors, which are not


# The tokens that are kept: those with low <= x < high. A truncation raises low or lowers high.
cdef struct Interval:
    float low
    float high


# Where the logits of a row come from. What reads them does so by the functions of row/source.pxd, which say what an edit is.
cdef struct Source:
    const float* values
    Py_ssize_t size
    bint edited
    Interval present
    bint bent
    float top
    double cooling
    double quadratic
    double cubic


# What all tokens of a row weigh, roughly (see weights/survey.pxd).
cdef struct Survey:
    Scale scale         # of the weights; its exponent is that of a guess
    double heat         # what the logits are divided by
    double mass         # their sum; -1 if there is none


# A row on its way through the steps of a plan. Its tokens are all of it, or, once those that are kept are few, copies of them,
# whose token ids are in `ids`; not all of these need be kept.
cdef struct Row:
    Source source
    const float* values     # of the tokens; NULL as long as they are more than SHORT
    Py_ssize_t size         # how many tokens
    const int64_t* ids
    float* groups       # the maximum of each group of the row: a chunk has WAYS of them
    float* maxima       # the maximum of each chunk of the row
    Survey survey       # of all of it as it came
    Sums sums_cover     # nothing yet, unless the tokens are copies
    Interval kept
    bint settled        # whether it has been tried to copy the tokens that are kept: see `settle`
    float maximum       # the largest logit that is kept
    double heat         # what the temperatures so far have divided the logits by
    Scale scale         # of `heat`
    double target       # of adaptive-p, or ABSENT
    int sweeps          # reads of the whole row that searches for a nucleus took
    Py_ssize_t greedy   # the only token that temperature 0 leaves; UNDECIDED if there was none; -1 if the row has changed


# All a draw needs to know of a row. A weight in `kept` times `inverse_mass` is a probability.
cdef struct Reading:
    Source source
    Scale scale
    Interval kept
    double* running     # sums of the weights that are kept, over the chunks of the row
    double rough        # by how much these may be off, as a part of themselves
    double mass         # of what is kept; 0 if it is not known
    float inverse_mass
    double target       # of adaptive-p, or ABSENT
    double total        # of adaptive-p's weights
    int sweeps          # see Row
    bint weighed        # whether the weights of the kept are where the probabilities are to be
    Py_ssize_t greedy   # the only token there is to draw after a temperature of 0, else UNDECIDED


# Some of the row's logits, and what each stands for.
cdef struct Sample:
    float* values
    float* weights      # in units of 2**64; 1 each where tokens are counted; times what the logit stands for
    Py_ssize_t size
    Py_ssize_t certain  # the first of them stand for themselves alone
    double weight_each  # the number of tokens that each of the others stands for


# Where a quantile is thought to be, and the mass a logit there; 0 if that is not known.
cdef struct Hint:
    float logit
    double density
