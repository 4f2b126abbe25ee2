namespace FastStream;

/// <summary>What a context does when a batch has failed for good.</summary>
public enum BatchFailurePolicy
{
    /// <summary>
    /// The context stops, and its <see cref="StreamingContext.Completion"/> faults with the
    /// <see cref="StreamingException"/>. If an input ended with an error, its earlier data still go through a last
    /// batch. The default: nothing is lost unseen.
    /// </summary>
    FailContext,

    /// <summary>
    /// Listeners and metrics report the failure, the batch's data are given up, and the next batch runs. An input that
    /// ended with an error gives no more data. If a batch that states counted before a restart fails again, the context
    /// stops.
    /// </summary>
    ReportAndContinue,
}

/// <summary>What happens to ticks that passed while the process was stalled or the batches were behind.</summary>
public enum MissedTickPolicy
{
    /// <summary>
    /// Every missed batch runs, back to back, in order: no batch time is ever skipped (as in Spark). The default.
    /// </summary>
    RunEach,

    /// <summary>
    /// Only the newest missed batch runs, with all the data. Before it run, without input, the batches at which a slide
    /// longer than the batch interval ends, so that no such window is skipped.
    /// <see cref="StreamingMetrics.SkippedTicks"/> counts the others.
    /// </summary>
    RunNewest,
}

/// <summary>What batches wait for.</summary>
public enum BatchPace
{
    /// <summary>For the clock: a batch every <see cref="StreamingOptions.BatchInterval"/>. The default.</summary>
    Clock,

    /// <summary>
    /// For the batch before: the context cuts the next batch as soon as none waits, while there is input; after a batch
    /// without records it waits one interval by the clock. For back-fills. Batch times are still one interval apart, so
    /// that windows and time-outs count as they would by the clock, but run ahead of it.
    /// </summary>
    Input,
}

/// <summary>All settings of a <see cref="StreamingContext"/>. The defaults run well on a laptop.</summary>
/// <remarks>
/// They can be set after construction, so that configuration binds to them. The constructor of a context copies and
/// validates them: later changes do not reach the context. Not thread safe.
/// </remarks>
public sealed record StreamingOptions
{
    /// <summary>The longest time that timers accept: 24 days.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>
    /// The program's name in metrics, as the tag <c>faststream.job.name</c>; not blank; default <c>faststream</c>. The
    /// tag <c>faststream.context.id</c> tells contexts of one name in a process apart.
    /// </summary>
    public string Name { get; set; } = "faststream";

    /// <summary>
    /// Time between batches: whole milliseconds, 1 ms to 24 days; default 1 s. Shorter intervals lower the latency,
    /// longer ones the fixed cost per record.
    /// </summary>
    public TimeSpan BatchInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether batches come by the clock (default) or as fast as there is input, for a back-fill: with
    /// <see cref="StopWhenInputsEnd"/> the context reads all the input and stops. A later run with the same checkpoints
    /// continues after the last batch time, even if that is ahead of the clock.
    /// </summary>
    public BatchPace Pace { get; set; }

    /// <summary>
    /// Partitions of inputs and, unless an operator says otherwise, of keyed streams: 1 to 1024; default the number of
    /// processors.
    /// </summary>
    public int Partitions { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// The most stage partitions that run at the same time: 1 or more; 0, the default, lets the thread pool decide.
    /// </summary>
    public int MaxDegreeOfParallelism { get; set; }

    /// <summary>
    /// The salt of the hash that assigns keys to partitions: processes with the same salt agree which partition owns a
    /// key. Keep it secret if strangers supply the keys: they could otherwise choose keys that all meet in one
    /// partition. Default null: a secret of the process, or the one that is saved with the checkpoints.
    /// </summary>
    public string? KeySalt { get; set; }

    /// <summary>
    /// Bytes in a block of received bytes: 4 KiB to 64 MiB; default 128 KiB, which fits in the L2 cache while it is decoded.
    /// </summary>
    public int BlockSizeBytes { get; set; } = 128 << 10;

    /// <summary>
    /// The most memory for received bytes, over all inputs of the context: at least four blocks; default 256 MiB. It
    /// includes whole blocks, of any size, free ones too, and partial records. Beside it, each connection of a
    /// listening stream takes up to 8 KiB; and if it is less than eight records of <see cref="MaxRecordBytes"/>, one
    /// record may exceed it. When it is reached, receivers stop reading until a batch returns blocks, so that TCP holds
    /// the senders up. Partial records may take half of it; if none of them grows any more, the longest is dropped, its
    /// connection closed, and listeners are told.
    /// </summary>
    public long MaxBufferedBytes { get; set; } = 256L << 20;

    /// <summary>
    /// The most records that an input of objects (channel, observable, custom receiver) holds for coming batches: 1 or
    /// more; default 1,048,576. When reached, its writer waits.
    /// </summary>
    public int MaxBufferedRecords { get; set; } = 1 << 20;

    /// <summary>
    /// The most bytes of one record: 1 byte to 1 GiB; default 1 MiB. An end of line or a length prefix does not count.
    /// Each socket source has a policy for longer records; a file with such a record fails its batch.
    /// </summary>
    public int MaxRecordBytes { get; set; } = 1 << 20;

    /// <summary>
    /// The most batches that are generated but not begun: 1 or more; default 1,000. When it is reached, the next batch
    /// is cut later and holds more. The same happens, with any number, while the clock is behind by a batch interval or
    /// an input's buffers are full: the context does not cut batches in advance that could hold next to nothing.
    /// </summary>
    public int MaxPendingBatches { get; set; } = 1_000;

    /// <summary>
    /// The most output jobs at the same time: 1 (default) runs a batch's outputs one after another before the next
    /// batch begins. With more, outputs of a batch run together and the next batch's operators run meanwhile; batches
    /// still complete in time order. Spark's <c>concurrentJobs</c>.
    /// </summary>
    public int ConcurrentJobs { get; set; } = 1;

    /// <summary>
    /// How often a failed batch runs again before <see cref="OnBatchFailure"/> decides: 0 (default) to 100. Outputs
    /// that were done are not done again.
    /// </summary>
    public int BatchRetries { get; set; }

    /// <summary>
    /// What the context does when a batch has failed for good, or an input has ended with an error; default
    /// <see cref="BatchFailurePolicy.FailContext"/>.
    /// </summary>
    public BatchFailurePolicy OnBatchFailure { get; set; } = BatchFailurePolicy.FailContext;

    /// <summary>What happens to missed ticks; default <see cref="MissedTickPolicy.RunEach"/>.</summary>
    public MissedTickPolicy MissedTicks { get; set; } = MissedTickPolicy.RunEach;

    /// <summary>
    /// Whether the context stops by itself, gracefully, when all its inputs have ended: replays at their file's end,
    /// completed channels and sequences, receivers that returned, sockets that do not reconnect, and your own by
    /// <see cref="InputDStream{T}.HasEnded"/>. The last data go through a batch first; windows that are due later than
    /// that batch stay open. Default false: the context continues with empty batches. Directories, queues, rates and
    /// listening sockets never end, and one of them keeps the context running.
    /// </summary>
    public bool StopWhenInputsEnd { get; set; }

    /// <summary>
    /// What a program with checkpoints, when it starts again, does with the batch times of its downtime; default
    /// <see cref="CatchUpPolicy.RunDue"/>.
    /// </summary>
    public CatchUpPolicy CatchUp { get; set; } = CatchUpPolicy.RunDue;

    /// <summary>
    /// How far back from the present missed batch times still run: more than 0, default 7 days;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit. Earlier ones are skipped and counted in
    /// <see cref="StreamingMetrics.SkippedTicks"/>, with a warning; windows that ended at them are not emitted.
    /// </summary>
    public TimeSpan CatchUpLimit { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How long a graceful stop may take before it becomes an immediate one: more than 0, up to 24 days; default: no
    /// limit.
    /// </summary>
    public TimeSpan GracefulStopTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// How long an immediate stop (also one caused by a failure or <see cref="GracefulStopTimeout"/>) waits for
    /// functions, inputs and listeners that do not return: more than 0, up to 24 days, or infinite; default 10 s. Then
    /// the context leaves them behind: <see cref="StreamingContext.Completion"/> faults with their names, and memory
    /// that they may still use is not reused.
    /// </summary>
    public TimeSpan ImmediateStopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a batch may take before listeners are warned, with the name of what it waits for; the warning comes
    /// again whenever the time has doubled. More than 0, up to 24 days, or infinite for never; default null: ten batch
    /// intervals, and at least 10 s.
    /// </summary>
    public TimeSpan? SlowBatchWarning { get; set; }

    /// <summary>Limits and adapts how fast receivers take records; default: no limit.</summary>
    public RateOptions Rate { get; set; } = new();

    /// <summary>
    /// Where and how the context saves checkpoints to recover from crashes; default null: no recovery, and no use of
    /// the disk.
    /// </summary>
    public CheckpointOptions? Checkpoint { get; set; }

    /// <summary>Where keyed states are kept and how much memory they may take; default: all in memory.</summary>
    public StateOptions State { get; set; } = StateOptions.ForTests?.Invoke() ?? new();

    /// <summary>
    /// Overwrites blocks that return to the pool, so that a text kept too long is noticed; costs a pass over the
    /// memory. Default off; turn it on in tests.
    /// </summary>
    public bool PoisonReturnedBlocks { get; set; }

    /// <summary>The clock for everything: batch times, delays, time-outs; default the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks all settings, as the context does.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message says which one, what was found
    /// and what is expected.</exception>
    public void Validate()
    {
        BatchTime.WholeMilliseconds(BatchInterval, nameof(BatchInterval));
        Check(BatchInterval <= LongestWait, nameof(BatchInterval), BatchInterval, "at most 24 days are expected");
        Check(!string.IsNullOrWhiteSpace(Name), nameof(Name), Name, "a name is expected");
        Check(Partitions is >= 1 and <= 1024, nameof(Partitions), Partitions,
            "1 to 1024 are expected; 1 runs everything in order on one thread at a time");
        Check(MaxDegreeOfParallelism >= 0, nameof(MaxDegreeOfParallelism), MaxDegreeOfParallelism,
            "1 or more are expected, or 0 for as many as the thread pool gives");
        Check(BlockSizeBytes is >= 4096 and <= 64 << 20, nameof(BlockSizeBytes), BlockSizeBytes, "4 KiB to 64 MiB are expected");
        Check(MaxRecordBytes is >= 1 and <= 1 << 30, nameof(MaxRecordBytes), MaxRecordBytes, "1 byte to 1 GiB is expected");
        Check(MaxBufferedBytes >= 4L * BlockSizeBytes, nameof(MaxBufferedBytes), MaxBufferedBytes,
            $"at least four blocks ({4L * BlockSizeBytes} bytes) are expected");
        Check(MaxBufferedBytes / BlockSizeBytes <= int.MaxValue, nameof(MaxBufferedBytes), MaxBufferedBytes,
            "fewer blocks are expected; raise BlockSizeBytes");
        Check(MaxBufferedRecords >= 1, nameof(MaxBufferedRecords), MaxBufferedRecords, "1 or more are expected");
        Check(MaxPendingBatches >= 1, nameof(MaxPendingBatches), MaxPendingBatches, "1 or more are expected");
        Check(ConcurrentJobs is >= 1 and <= 1024, nameof(ConcurrentJobs), ConcurrentJobs, "1 to 1024 are expected");
        Check(BatchRetries is >= 0 and <= 100, nameof(BatchRetries), BatchRetries, "0 to 100 are expected");
        Check(KeySalt is null or { Length: > 0 }, nameof(KeySalt), "an empty text",
            "a text is expected, the same for all processes of a job, or null for a secret of its own");
        CheckTimeout(GracefulStopTimeout, nameof(GracefulStopTimeout));
        CheckTimeout(ImmediateStopTimeout, nameof(ImmediateStopTimeout));
        CheckTimeout(SlowBatchWarning ?? Timeout.InfiniteTimeSpan, nameof(SlowBatchWarning));
        Check(Enum.IsDefined(OnBatchFailure), nameof(OnBatchFailure), OnBatchFailure, "one of the named policies is expected");
        Check(Enum.IsDefined(Pace), nameof(Pace), Pace, "one of the named paces is expected");
        Check(Enum.IsDefined(MissedTicks), nameof(MissedTicks), MissedTicks, "one of the named policies is expected");
        Check(Enum.IsDefined(CatchUp), nameof(CatchUp), CatchUp, "one of the named policies is expected");
        Check(CatchUpLimit > TimeSpan.Zero
            || CatchUpLimit == Timeout.InfiniteTimeSpan, nameof(CatchUpLimit), CatchUpLimit,
            "more than 0 is expected, or Timeout.InfiniteTimeSpan for no limit");
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(Rate);
        Rate.Validate();
        Checkpoint?.Validate();
        ArgumentNullException.ThrowIfNull(State);
        State.Validate(Checkpoint is not null);
    }

    /// <summary>A copy that later changes do not affect.</summary>
    internal StreamingOptions Copy() => this with { Rate = Rate with { }, State = State with { }, Checkpoint = Checkpoint?.Copy() };

    /// <summary>The limit of <see cref="SlowBatchWarning"/>, with its default filled in.</summary>
    internal TimeSpan SlowBatchLimit
    {
        get
        {
            if (SlowBatchWarning is { } limit)
            {
                return limit;
            }

            TimeSpan intervals = BatchInterval < LongestWait / 10 ? BatchInterval * 10 : LongestWait;
            return intervals > TimeSpan.FromSeconds(10) ? intervals : TimeSpan.FromSeconds(10);
        }
    }

    /// <summary>Throws for a time-out that a timer would not accept.</summary>
    internal static void CheckTimeout(TimeSpan timeout, string name) =>
        Check((timeout > TimeSpan.Zero && timeout <= LongestWait)
            || timeout == Timeout.InfiniteTimeSpan, name, timeout,
            "more than 0 and at most 24 days are expected, or Timeout.InfiniteTimeSpan for no limit");

    internal static void Check(bool valid, string name, object? found, string expected)
    {
        if (!valid)
        {
            throw Throw.OutOfRange(name, found, expected);
        }
    }
}
