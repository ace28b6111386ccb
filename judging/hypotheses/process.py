"""Mistakes that the values of one answer do not show: its form, its precision, and what happens between two calls."""

from convformance.judging.hypotheses.hypothesis import Hypothesis, unchanged

HYPOTHESES = (
    Hypothesis(
        "operand-changed",
        "The call changes an array that it is given.",
        "Copy an operand before writing to it, or write to an array of your own.",
        unchanged,
    ),
    Hypothesis(
        "earlier-result",
        "The result is that of an earlier call with other numbers, or holds a part of it: state is kept between calls.",
        "Look for a cache whose key is a shape, an operand that is packed once or built in, a buffer that is added to: "
        "what depends on the numbers must be made anew in every call.",
        unchanged,
    ),
    Hypothesis(
        "wrong-after-first-call",
        "The first call is right; the same operands give another result in every later one.",
        "Look at what a call leaves behind: an array that is changed in place and used again, a buffer, a flag.",
        unchanged,
    ),
    Hypothesis(
        "not-deterministic",
        "The same operands give other results in another call.",
        "Look for memory that is read before it is written, "
        "state that is kept between calls, and threads that share an array.",
        unchanged,
    ),
    Hypothesis(
        "wrong-dtype",
        "The result has another type than the operands, or than the sums of integers.",
        "Return the operands' type; sum in a wider one and round once at the end.",
        unchanged,
    ),
    Hypothesis(
        "nan-swallowed",
        "A NaN or an infinity in the operands does not show in the result.",
        "Look for a comparison, a maximum or a clean-up that drops NaN, and for products with zero that are skipped.",
        unchanged,
    ),
    Hypothesis(
        "nan-spread",
        "A NaN or an infinity shows where no product with it is summed.",
        "Look for elements that are multiplied by zero in place of being left out: "
        "a mask, a block that is padded, a transform.",
        unchanged,
    ),
    Hypothesis(
        "partial-sums-overflow",
        "Infinity or NaN stands where the result is a number: a sum leaves the range of its type on the way.",
        "Add up in a wider type, and let no factor make the products larger before they are summed.",
        unchanged,
    ),
    Hypothesis(
        "low-precision-inputs",
        "The operands are rounded to a narrower format before they are multiplied.",
        "Switch off reduced-precision products, such as TF32 or bfloat16 ones, or say that they are meant.",
        unchanged,
    ),
    Hypothesis(
        "low-precision-accumulation",
        "The sums are kept in a narrower format than expected.",
        "Add up in float32 for 16-bit types and in the operands' type otherwise, and round once at the end.",
        unchanged,
    ),
    Hypothesis(
        "low-precision-result",
        "The result is rounded to a narrower format on its way.",
        "Keep the result in the operands' type, and round once.",
        unchanged,
    ),
    Hypothesis(
        "bias-after-rounding",
        "The bias is added to a result that has been rounded already, and the sum is rounded again.",
        "Add the bias to the wide sum, before it is stored in a narrow type.",
        unchanged,
        ("bias",),
    ),
    Hypothesis(
        "result-not-to-nearest",
        "The sums are right, and stored in the result's type otherwise than to the nearest number, ties to even.",
        "Convert the wide sum by a conversion that rounds to nearest: dropping its last digits, "
        "or adding half a unit to some numbers only, does not.",
        unchanged,
    ),
    Hypothesis(
        "result-rounded-twice",
        "The sums are right, and rounded to a format with more digits before they are rounded to the result's type.",
        "Convert the wide sum to the result's type in one step.",
        unchanged,
    ),
)

# Said of a call that has no answer; behind whatever explains an answer.
RAISES = Hypothesis(
    "raises",
    "The call raises an exception.",
    "Look at the line that raises, with the sizes of the smallest failing case.",
    unchanged,
)
