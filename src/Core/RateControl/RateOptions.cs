namespace FastStream;

/// <summary>How fast receivers may take records, and whether the limit follows what the batches can process.</summary>
/// <remarks>The estimator is Spark's PID controller with its formula and defaults; see <see cref="PidRateEstimator"/>.</remarks>
public sealed record RateOptions
{
    /// <summary>
    /// The most records per second that one receiver takes; 0 (default) means no limit. An adaptive limit never exceeds
    /// it.
    /// </summary>
    public long MaxRecordsPerSecond { get; set; }

    /// <summary>
    /// Whether the limit adapts after every batch; default off. It keeps the processing time of batches near their
    /// interval where receivers are faster than processing; memory is bounded without it.
    /// </summary>
    public bool Adaptive { get; set; }

    /// <summary>
    /// The limit before the first estimate, in records per second; 0 (default) starts at
    /// <see cref="MaxRecordsPerSecond"/>.
    /// </summary>
    public long InitialRecordsPerSecond { get; set; }

    /// <summary>Weight of the current error, not negative; default 1.0.</summary>
    public double Proportional { get; set; } = 1.0;

    /// <summary>Weight of the backlog, not negative; default 0.2.</summary>
    public double Integral { get; set; } = 0.2;

    /// <summary>Weight of the error's change, not negative; default 0.</summary>
    public double Derivative { get; set; }

    /// <summary>The least limit that the estimator sets, in records per second, more than 0; default 100.</summary>
    public double MinRecordsPerSecond { get; set; } = 100;

    /// <summary>Checks all settings, as the context does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message says which, what was
    /// found and what is expected.</exception>
    public void Validate()
    {
        StreamingOptions.Check(MaxRecordsPerSecond >= 0, nameof(MaxRecordsPerSecond), MaxRecordsPerSecond,
            "a positive number is expected, or 0 for no limit");
        StreamingOptions.Check(InitialRecordsPerSecond >= 0, nameof(InitialRecordsPerSecond), InitialRecordsPerSecond,
            "a positive number is expected, or 0 to start at the maximum");
        StreamingOptions.Check(Proportional >= 0, nameof(Proportional), Proportional, "0 or more is expected");
        StreamingOptions.Check(Integral >= 0, nameof(Integral), Integral, "0 or more is expected");
        StreamingOptions.Check(Derivative >= 0, nameof(Derivative), Derivative, "0 or more is expected");
        StreamingOptions.Check(MinRecordsPerSecond > 0, nameof(MinRecordsPerSecond), MinRecordsPerSecond, "more than 0 is expected");
    }
}
