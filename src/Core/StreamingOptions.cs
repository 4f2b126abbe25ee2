namespace FastStream;

/// <summary>What a context does when a batch has failed for good.</summary>
public enum BatchFailurePolicy
{
    /// <summary>
    /// The context stops, and its <see cref="StreamingContext.Completion"/> faults with the
    /// <see cref="StreamingException"/>. Where an input ended by an error, what was received before it still goes
    /// through a last batch. The default: nothing is lost unseen.
    /// </summary>
    FailContext,

    /// <summary>
    /// The failure is reported to listeners and metrics, the batch's data are given up, and the next batch runs. An
    /// input that ended by an error gives nothing any more. A batch that states counted before a restart stops the
    /// context where it fails again.
    /// </summary>
    ReportAndContinue,
}

/// <summary>What happens to ticks that passed while the process was stalled or the batches were behind.</summary>
public enum MissedTickPolicy
{
    /// <summary>Every missed batch runs, back to back, in order: no batch time is ever left out (as in Spark). The default.</summary>
    RunEach,

    /// <summary>
    /// Only the newest missed batch runs, with all the data, and before it, without input, those at which a slide
    /// longer than the batch interval ends: no such window is passed over. The others are counted in
    /// <see cref="StreamingMetrics.SkippedTicks"/>.
    /// </summary>
    RunNewest,
}

/// <summary>What batches wait for.</summary>
public enum BatchPace
{
    /// <summary>For the clock: a batch every <see cref="StreamingOptions.BatchInterval"/>. The default.</summary>
    Clock,

    /// <summary>
    /// For the batch before: the next one is cut as soon as none waits, while there is input; after a batch without
    /// records it waits one interval by the clock. For back-fills. Batch times are an interval apart as ever, so that
    /// windows and time-outs count as they would have by the clock, and run ahead of it.
    /// </summary>
    Input,
}

/// <summary>All settings of a <see cref="StreamingContext"/>. The defaults run well on a laptop.</summary>
/// <remarks>
/// They can be set after construction, so that configuration binds to them. A context copies and validates them when it
/// is made: what is set afterwards does not reach it. Not thread safe.
/// </remarks>
public sealed record StreamingOptions
{
    /// <summary>The longest time that timers take: 24 days.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>
    /// The program's name in metrics, as the tag <c>faststream.job.name</c>; not blank; default <c>faststream</c>.
    /// Contexts of one name in a process are told apart by <c>faststream.context.id</c>.
    /// </summary>
    public string Name { get; set; } = "faststream";

    /// <summary>
    /// Time between batches: whole milliseconds, 1 ms to 24 days; default 1 s. Shorter gives lower latency, longer less
    /// fixed cost a record.
    /// </summary>
    public TimeSpan BatchInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether batches come by the clock (default) or as fast as there is input, for a back-fill: with
    /// <see cref="StopWhenInputsEnd"/> the context reads what there is and stops. A later run of the same checkpoints
    /// goes on after the last batch time, also where that is ahead of the clock.
    /// </summary>
    public BatchPace Pace { get; set; }

    /// <summary>
    /// Partitions of inputs and, unless an operator says otherwise, of keyed streams: 1 to 1024; default the number of
    /// processors.
    /// </summary>
    public int Partitions { get; set; } = Environment.ProcessorCount;

    /// <summary>The most stage partitions that run at the same time: 1 or more; 0, the default, leaves it to the thread pool.</summary>
    public int MaxDegreeOfParallelism { get; set; }

    /// <summary>
    /// What the partitions of keys are chosen with: processes that are given the same one agree which partition owns a
    /// key. A secret where keys come from strangers, who could else choose keys that meet in one partition. Default
    /// null: a secret of the process, or the one that is kept with the checkpoints.
    /// </summary>
    public string? KeySalt { get; set; }

    /// <summary>
    /// Bytes in a block of received bytes: 4 KiB to 64 MiB; default 128 KiB, which stays in a second-level cache while
    /// it is decoded.
    /// </summary>
    public int BlockSizeBytes { get; set; } = 128 << 10;

    /// <summary>
    /// The most memory for received bytes, over all inputs of the context: at least four blocks; default 256 MiB. Whole
    /// blocks count, of any size, free ones too, and unfinished records; each connection of a listening
    /// stream takes up to 8 KiB beside it, and where it is less than eight records of <see cref="MaxRecordBytes"/>, one
    /// record may go beyond it. When reached, receivers stop reading until a batch
    /// gives blocks back, so that senders are held up by TCP. Unfinished records have half of it; where none of them
    /// comes on any more, the longest is dropped, its connection closed, and listeners hear of it.
    /// </summary>
    public long MaxBufferedBytes { get; set; } = 256L << 20;

    /// <summary>
    /// The most records that an input of objects (channel, observable, custom receiver) holds for coming batches: 1 or
    /// more; default 1,048,576. When reached, its writer waits.
    /// </summary>
    public int MaxBufferedRecords { get; set; } = 1 << 20;

    /// <summary>
    /// The most bytes of one record: 1 byte to 1 GiB; default 1 MiB. An end of line or a length prefix does not count.
    /// What happens beyond is each socket source's policy for oversized records; a file with such a record fails its
    /// batch.
    /// </summary>
    public int MaxRecordBytes { get; set; } = 1 << 20;

    /// <summary>
    /// The most batches generated but not begun: 1 or more; default 1,000. When reached, the next batch is cut later
    /// and holds more. So it is, with any number, while the clock is behind by a batch interval or an input's buffers
    /// are full: batches that could hold next to nothing are not cut in advance.
    /// </summary>
    public int MaxPendingBatches { get; set; } = 1_000;

    /// <summary>
    /// The most output jobs at the same time: 1 (default) runs a batch's outputs one after another before the next
    /// batch begins. With more, outputs of a batch run together and the next batch's operators run meanwhile; batches
    /// still complete in time order. Spark's <c>concurrentJobs</c>.
    /// </summary>
    public int ConcurrentJobs { get; set; } = 1;

    /// <summary>
    /// How often a failed batch is run again before <see cref="OnBatchFailure"/> decides: 0 (default) to 100. Outputs
    /// that were done are not done again.
    /// </summary>
    public int BatchRetries { get; set; }

    /// <summary>
    /// What a batch that failed for good, or an input that ended by an error, means for the context; default
    /// <see cref="BatchFailurePolicy.FailContext"/>.
    /// </summary>
    public BatchFailurePolicy OnBatchFailure { get; set; } = BatchFailurePolicy.FailContext;

    /// <summary>What happens to missed ticks; default <see cref="MissedTickPolicy.RunEach"/>.</summary>
    public MissedTickPolicy MissedTicks { get; set; } = MissedTickPolicy.RunEach;

    /// <summary>
    /// Whether the context stops by itself, gracefully, when all its inputs have ended: replays at their file's end,
    /// completed channels and sequences, receivers that returned, sockets that do not connect again, your own by
    /// <see cref="InputDStream{T}.HasEnded"/>. The last data go through a batch first; windows whose time to come out
    /// is later than that batch stay open. Default false: the context goes on with empty batches. Directories, queues,
    /// rates and listening sockets never end, and one of them keeps the context running.
    /// </summary>
    public bool StopWhenInputsEnd { get; set; }

    /// <summary>
    /// What happens, when a program with checkpoints starts again, to the batch times of the time it was down; default
    /// <see cref="CatchUpPolicy.RunDue"/>.
    /// </summary>
    public CatchUpPolicy CatchUp { get; set; } = CatchUpPolicy.RunDue;

    /// <summary>
    /// How far back from the present batch times that were passed over still run: more than 0, default 7 days;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit. Earlier ones are left out and counted in
    /// <see cref="StreamingMetrics.SkippedTicks"/>, with a warning; windows that ended at them do not come out.
    /// </summary>
    public TimeSpan CatchUpLimit { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How long a graceful stop may take before it becomes an immediate one: more than 0, up to 24 days; default: no
    /// limit.
    /// </summary>
    public TimeSpan GracefulStopTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// How long an immediate stop (also one that a failure or <see cref="GracefulStopTimeout"/> asked for) waits for
    /// functions, inputs and listeners that do not return: more than 0, up to 24 days, or infinite; default 10 s. Then
    /// they are left behind: <see cref="StreamingContext.Completion"/> faults with their names, and memory that they
    /// may still use is given to nobody else.
    /// </summary>
    public TimeSpan ImmediateStopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// After how long listeners are warned of a batch that is not done, with the name of what it waits for, and again
    /// whenever that has doubled: more than 0, up to 24 days, or infinite for never; default null: ten batch intervals,
    /// and at least 10 s.
    /// </summary>
    public TimeSpan? SlowBatchWarning { get; set; }

    /// <summary>Limits and adapts how fast receivers take records; default: no limit.</summary>
    public RateOptions Rate { get; set; } = new();

    /// <summary>Where and how the context survives crashes; default null: it does not, and batches cost no disk.</summary>
    public CheckpointOptions? Checkpoint { get; set; }

    /// <summary>Where keyed states are kept and how much memory they may take; default: all in memory.</summary>
    public StateOptions State { get; set; } = StateOptions.ForTests?.Invoke() ?? new();

    /// <summary>
    /// Overwrites blocks that go back to the pool, so that text kept too long shows; costs a pass over the memory.
    /// Default off; turn it on in tests.
    /// </summary>
    public bool PoisonReturnedBlocks { get; set; }

    /// <summary>The clock of everything: batch times, delays, time-outs; default the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks all settings, as the context does.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message says which, what was found and
    /// what is expected.</exception>
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

    /// <summary>A copy that later changes do not reach.</summary>
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

    /// <summary>Throws for a time-out that a timer would not take.</summary>
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
