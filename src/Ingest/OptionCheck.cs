namespace FastStream;

/// <summary>Checks a user's settings: the message says what was found and what is expected.</summary>
internal static class OptionCheck
{
    /// <summary>The longest time that a timer can wait: 24 days.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>Throws where a value is not valid.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not valid.</exception>
    public static void Check(bool valid, string name, object? found, string expected)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(name, found, $"{name} is {found}; {expected}.");
        }
    }

    /// <summary>Throws for a time-out that a timer cannot wait for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A timer cannot wait for it.</exception>
    public static void CheckTimeout(TimeSpan timeout, string name) => Check(
        (timeout > TimeSpan.Zero && timeout <= LongestWait) || timeout == Timeout.InfiniteTimeSpan, name, timeout,
        "more than 0 and at most 24 days are expected, or Timeout.InfiniteTimeSpan for no limit");
}
