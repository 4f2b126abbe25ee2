namespace FastStream.Cli;

/// <summary>One series of steps in this process: one rate, one number of partitions, the collector as it is.</summary>
internal static class SeriesRunner
{
    private const int SpoiltRetries = 1;

    /// <summary>Runs steps until the search has an answer or it is cancelled; what was measured by then is the result.</summary>
    /// <param name="job">What is measured.</param>
    /// <param name="options">How.</param>
    /// <param name="partitions">Partitions of inputs and keys.</param>
    /// <param name="rate">Records a second that the job is sent; null where it has its own sources.</param>
    /// <param name="progress">Hears of each step's begin and end.</param>
    /// <param name="cancellation">Ends it with what it has.</param>
    public static async Task<TuneSeries> RunAsync(
        TunedJob job, TuneOptions options, int partitions, int? rate, ITuneProgress progress, CancellationToken cancellation)
    {
        var steps = new List<StepResult>();
        var search = new IntervalSearch(options.From, options.Least, options.Refinements);
        using var runner = new StepRunner(job, partitions, new StabilityJudge(options.OthersLimit), options.StepTime);
        try
        {
            progress.WarmsUp();
            await runner.WarmUpAsync(options.From, cancellation);
            while (search.Next() is { } interval)
            {
                StepResult step = null!;
                for (int attempt = 0; attempt <= SpoiltRetries; attempt++)
                {
                    TimeSpan ahead = search.Ahead().Skip(1).Aggregate(TimeSpan.Zero, (sum, next) => sum + runner.Expected(next));
                    progress.Begins(interval, runner.Expected(interval), ahead);
                    step = await runner.RunAsync(interval, cancellation);
                    if (attempt > 0)
                    {
                        steps.RemoveAt(steps.Count - 1);   // the one that was spoilt
                    }

                    steps.Add(step);
                    progress.Ends(step);
                    if (step.Verdict != VerdictKind.Spoilt)
                    {
                        break;
                    }
                }

                search.Add(interval, step.IsStable());
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Interrupted: what was measured stands.
        }

        (double? recommended, string advice) = Recommendation.Of(steps, options.Margin, options.Least);
        return new TuneSeries
            { Partitions = partitions, Gc = MachineFacts.CollectorName(), Rate = rate, Steps = steps,
                RecommendedMs = recommended, Advice = advice };
    }
}

/// <summary>Hears how a tuning goes on.</summary>
internal interface ITuneProgress
{
    /// <summary>Code is being compiled; nothing is measured yet.</summary>
    void WarmsUp();

    /// <summary>A step begins.</summary>
    /// <param name="interval">Its interval.</param>
    /// <param name="expected">How long it takes at most.</param>
    /// <param name="ahead">How long all steps after it take at most.</param>
    void Begins(TimeSpan interval, TimeSpan expected, TimeSpan ahead);

    /// <summary>A step has ended.</summary>
    void Ends(StepResult step);
}
