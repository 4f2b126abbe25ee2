namespace FastStream.Cli;

/// <summary>
/// Runs one series of steps in this process: one rate, one number of partitions, this process's collector.
/// </summary>
internal static class SeriesRunner
{
    private const int SpoiltRetries = 1;

    /// <summary>
    /// Runs steps until the search has an answer or is cancelled; the result is what was measured by then.
    /// </summary>
    /// <param name="job">The job to measure.</param>
    /// <param name="options">How to measure.</param>
    /// <param name="partitions">Partitions of inputs and keys.</param>
    /// <param name="rate">Records a second sent to the job; null where the job has its own sources.</param>
    /// <param name="progress">Called at the begin and end of each step.</param>
    /// <param name="cancellation">Ends the series with the results so far.</param>
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
                        steps.RemoveAt(steps.Count - 1);   // the spoilt step
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
            // Interrupted: the results so far count.
        }

        (double? recommended, string advice) = Recommendation.Of(steps, options.Margin, options.Least);
        return new TuneSeries
            { Partitions = partitions, Gc = MachineFacts.CollectorName(), Rate = rate, Steps = steps,
                RecommendedMs = recommended, Advice = advice };
    }
}

/// <summary>Receives the progress of a tuning.</summary>
internal interface ITuneProgress
{
    /// <summary>Called while code is being compiled; nothing is measured yet.</summary>
    void WarmsUp();

    /// <summary>Called when a step begins.</summary>
    /// <param name="interval">The step's interval.</param>
    /// <param name="expected">The longest time that the step takes.</param>
    /// <param name="ahead">The longest time that all steps after it take.</param>
    void Begins(TimeSpan interval, TimeSpan expected, TimeSpan ahead);

    /// <summary>Called when a step has ended.</summary>
    void Ends(StepResult step);
}
