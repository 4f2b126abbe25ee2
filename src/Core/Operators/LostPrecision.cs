using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>The keys of an inverse window whose values of floating point cannot be trusted after another value has left: infinity and NaN do not leave by subtraction, and a value far larger than what stays has taken its digits along.</summary>
/// <remarks>Such a key's value is made anew from the batches in the window. A few keys are looked for in all of them at once.</remarks>
internal sealed class LostPrecision<TValue>
{
    /// <summary>A leaving value so many times larger than what stays costs ten of its 53 bits.</summary>
    private const double Factor = 1024;

    private readonly HashSet<int> _numbers = [];

    /// <summary>Whether values are of floating point at all; a constant for the type.</summary>
    public static bool IsPossible => typeof(TValue) == typeof(double) || typeof(TValue) == typeof(float) || typeof(TValue) == typeof(Half);

    public bool Any => _numbers.Count > 0;

    public bool Contains(int number) => _numbers.Contains(number);

    public void Clear() => _numbers.Clear();

    /// <summary>A value has left a key's window.</summary>
    public void Look(int number, TValue left, TValue rest)
    {
        double gone = Of(left);
        double stays = Of(rest);
        if (!double.IsFinite(gone) || !double.IsFinite(stays) || Math.Abs(gone) > Factor * Math.Abs(stays))
        {
            _numbers.Add(number);
        }
    }

    private static double Of(TValue value) =>
        typeof(TValue) == typeof(double) ? Unsafe.As<TValue, double>(ref value)
        : typeof(TValue) == typeof(float) ? Unsafe.As<TValue, float>(ref value)
        : (double)Unsafe.As<TValue, Half>(ref value);
}
