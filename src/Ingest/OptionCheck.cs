namespace FastStream;

/// <summary>Checks of what a user sets: the message says what was found and what is expected.</summary>
internal static class OptionCheck
{
    /// <summary>The longest that a timer waits: 24 days.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>Throws where a value is not as it should be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public static void Check(bool valid, string name, object? found, string expected)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(name, found, $"{name} is {found}; {expected}.");
        }
    }

    /// <summary>Throws for a time-out that a timer would not take.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It would not.</exception>
    public static void CheckTimeout(TimeSpan timeout, string name) => Check(
        (timeout > TimeSpan.Zero && timeout <= LongestWait) || timeout == Timeout.InfiniteTimeSpan, name, timeout,
        "more than 0 and at most 24 days are expected, or Timeout.InfiniteTimeSpan for no limit");
}
