namespace FastStream.Cli;

/// <summary>When lines are due, relative to the first moment.</summary>
internal static class Arrivals
{
    public static string[] Patterns { get; } = ["steady", "poisson", "bursts"];

    /// <summary>Returns an endless sequence of due times, in order.</summary>
    /// <param name="pattern">One of <see cref="Patterns"/>.</param>
    /// <param name="rate">Mean number of lines a second.</param>
    /// <param name="burst">Number of lines in a burst.</param>
    /// <param name="random">Gives the gaps of <c>poisson</c>.</param>
    public static IEnumerable<TimeSpan> Of(string pattern, double rate, int burst, SeededRandom random)
    {
        double poisson = 0;
        for (long number = 0; ; number++)
        {
            // Gaps of independent arrivals have an exponential distribution.
            poisson += -Math.Log(1 - random.Fraction()) / rate;
            yield return TimeSpan.FromSeconds(pattern switch
            {
                "poisson" => poisson,
                "bursts" => number / burst * burst / rate,
                _ => number / rate,
            });
        }
    }
}
