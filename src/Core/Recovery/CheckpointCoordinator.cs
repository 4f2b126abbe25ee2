using System.Buffers;

namespace FastStream;

/// <summary>Orders the steps of a batch on disk, of a checkpoint and of a recovery; it does nothing else.</summary>
/// <remarks>
/// <code>
/// generator   Plan(t)     logs the intent record before the batch runs
/// scheduler   Commit(t)   logs that it is done before sinks publish it and the next one runs
///             EndBatch(t)
///             BeginSave(t)  now and then: begins a new log file, saves all states as of t; stores write theirs
///                           while the next batches run
///             EndSave(t)    when all are written: the manifest, under a new number; then deletes logs and checkpoints
///                           that nothing needs
/// </code>
/// A start loads the newest whole checkpoint, and runs the logged batches after it: those already done only to rebuild
/// states, the others with their outputs.
/// </remarks>
internal sealed class CheckpointCoordinator : IDisposable
{
    private const int LargestKeptPlan = 16 << 20;                     // a larger buffer is dropped after its batch

    private readonly CheckpointOptions _options;
    private readonly TimeSpan _interval;                              // between batch times
    private readonly TimeProvider _clock;
    private readonly IReadOnlyList<IInputStream> _inputs;
    private readonly string[] _inputNames;
    private readonly CheckpointStore _store;
    private readonly FileStream _lock;
    private readonly Action<string> _warn;
    private ArrayBufferWriter<byte> _plan = new();
    // guards _pending: the generator requests a checkpoint, the scheduler makes it
    private readonly Lock _pendingLock = new();
    private IReadOnlyList<IStateSnapshot> _states = [];
    private string[] _stateNames = [];
    private BatchLog? _log;
    private CheckpointSearch? _search;                                // what the start found; its data stay open until loaded
    private CheckpointSaver? _saver;                                  // set by the recovery
    // the batch chosen for the next checkpoint: the log file of its intent record, and the positions as of it
    private (BatchTime Time, int Segment, List<byte[]> Positions)? _pending;
    private long _loggedBytes;                                        // since the last chosen batch; used by the generator only
    private int _loggedBatches;                                       // as for _loggedBytes
    private BatchTime? _lastEnded;                                    // done, and published by the sinks
    private readonly ArrayBufferWriter<byte> _commit = new();
    private SinkPositions _sinks = new([]);
    private Func<BatchTime, bool> _isCommitted = static _ => false;   // by earlier runs

    private CheckpointCoordinator(CheckpointOptions options, TimeSpan interval, TimeProvider clock,
        IReadOnlyList<IInputStream> inputs, FileStream lockFile, Action<string> warn)
    {
        _options = options;
        _interval = interval;
        _clock = clock;
        _inputs = inputs;
        _inputNames = OperatorIds.Of([.. inputs.Cast<DStream>()]);
        _lock = lockFile;
        _warn = warn;
        _store = new CheckpointStore(options.Directory);
    }

    /// <summary>Determines which partition owns a key: from the options or the newest checkpoint, else new.</summary>
    public KeySalt Salt { get; private set; }

    /// <summary>Zero time of the program's first start; null during that start.</summary>
    public BatchTime? ZeroTime => Last?.ZeroTime;

    /// <summary>The last batch with an intent record; new batches follow it.</summary>
    public BatchTime? LastPlanned { get; private set; }

    /// <summary>The last batch of the newest checkpoint; initially zero time.</summary>
    public BatchTime LastSaved => Last!.Time;

    /// <summary>
    /// Whether the log of an earlier run says that a batch is done. All sinks have published or aborted the batches
    /// that a checkpoint includes.
    /// </summary>
    public bool IsCommitted(BatchTime time) => _isCommitted(time);

    private CheckpointManifest? Last => _saver is { } saver ? saver.Last : _search!.Found?.Manifest;

    /// <summary>Locks the directory for this process, and finds the newest whole checkpoint.</summary>
    /// <exception cref="InvalidOperationException">Another process uses the directory.</exception>
    /// <exception cref="InvalidDataException">All existing checkpoints are damaged.</exception>
    public static CheckpointCoordinator Open(StreamingOptions options, IReadOnlyList<IInputStream> inputs, Action<string> warn)
    {
        string directory = Path.GetFullPath(options.Checkpoint!.Directory);
        var coordinator =
            new CheckpointCoordinator(options.Checkpoint with { Directory = directory }, options.BatchInterval,
                options.TimeProvider, inputs, JobDirectory.Take(directory), warn);
        try
        {
            coordinator._search = new CheckpointSearch(coordinator._store, directory);
            coordinator.Salt = options.KeySalt is null && coordinator.Last?.Salt is { } saved ? saved : KeySalt.Of(options);
            return coordinator;
        }
        catch
        {
            coordinator.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Restores states and inputs, and returns the batches after the checkpoint that must run again. Called before the
    /// inputs start.
    /// </summary>
    /// <exception cref="InvalidOperationException">The saved data do not fit the program.</exception>
    public IReadOnlyList<LoadedBatch> Recover(IReadOnlyList<IStateSnapshot> states, StateStores? stores = null, SinkPositions? sinks = null)
    {
        _sinks = sinks ?? _sinks;
        _states = states;
        _stateNames = OperatorIds.Of([.. states.Select(state => state.Stream)]);
        var journals = new ReceiverJournals(_options, _inputs, _inputNames, _warn);
        CheckpointManifest? last = Last;
        if (last is null)
        {
            _log = BatchLog.Open(_options.Directory, segment: 1, length: 0);
            _saver = NewSaver(_log, journals, stores, last);
            return [];
        }

        if (last.BatchInterval != _interval)
        {
            throw new InvalidOperationException(
                $"{_options.Directory} has batches of every {last.BatchInterval}, and this program makes one every "
                    + $"{_interval}: windows and times would not fit. "
                + "Start with the interval of before, or with a directory of its own.");
        }

        var saved = new SavedParts(_search!.Found!, Salt, _options.UnmatchedState, _warn);
        saved.LoadInto(_stateNames, states, _inputNames, _inputs);
        saved.LoadInto(_sinks);
        _search.Dispose();

        var log = new BatchLogReader(_options.Directory, last.LogSegment, _search.LogEnd);
        List<RecoveredBatch> batches = BatchRecord.Collect(log.Frames(), after: last.Time);
        _log = BatchLog.Open(_options.Directory, log.Segment, log.Length, log.BytesBefore);
        _saver = NewSaver(_log, journals, stores, last);
        LoadSinks(batches, last.Time);
        WarnOfTornEnd(log);
        _search.PutDamagedAside(_warn);
        LastPlanned = batches.Count > 0 ? batches[^1].Time : last.Time;
        FailPoint.Pass("recovered");

        // Without states there is no reason to run a batch again whose outputs have run already.
        return batches.Select(batch => Load(
            states.Count == 0 && batch.Outcome is Outcome.Committed or Outcome.CommittedWithoutData
                ? batch with { Outcome = Outcome.Aborted } : batch,
            wasCounted: batch.Outcome is Outcome.Committed or Outcome.CommittedWithoutData)).ToArray();
    }

    /// <summary>Makes the first checkpoint of a program, which fixes its zero time.</summary>
    public void Begin(BatchTime zeroTime)
    {
        if (Last is null)
        {
            FailPoint.Pass("begun");
            BeginSave(zeroTime, zeroTime, _log!.Segment, Positions(zeroTime));
            _saver!.End();
        }
    }

    /// <summary>
    /// Durably logs a batch's inputs (write-ahead). Called by the generator, before the batch is submitted.
    /// </summary>
    /// <exception cref="IOException">The write failed: the batch must not run.</exception>
    public void Plan(BatchTime time, IReadOnlyList<InputBatch> batches)
    {
        _plan.ResetWrittenCount();
        BatchRecord.WritePlan(_plan, time, _inputNames, _inputs, batches);
        FailPoint.Pass("cut");
        int segment = _log!.Append(_plan.WrittenMemory);
        FailPoint.Pass("planned");
        LastPlanned = time;
        _loggedBytes += _plan.WrittenCount;
        _loggedBatches++;
        if (_plan.Capacity > LargestKeptPlan)
        {
            _plan = new ArrayBufferWriter<byte>();
        }

        foreach (InputBatch batch in batches)
        {
            batch.Receipt?.Accept();
        }

        lock (_pendingLock)
        {
            if (_pending is null && !_saver!.IsMaking
                && (_saver.IsDue || _loggedBytes >= _options.MaxLogBytes || _loggedBatches >= _options.MaxBatches))
            {
                _pending = (time, segment, Positions(time));
                _loggedBytes = 0;
                _loggedBatches = 0;
            }
        }
    }

    /// <summary>
    /// Durably logs that a batch without input runs at a batch time that had been skipped. Called by the scheduler,
    /// before it runs; the batch after it already has its intent record.
    /// </summary>
    /// <exception cref="IOException">The write failed: the batch must not run.</exception>
    public void PlanEmpty(BatchTime time)
    {
        var plan = new ArrayBufferWriter<byte>();
        BatchRecord.WritePlan(plan, time, [], [], []);
        _log!.Append(plan.WrittenMemory);
        FailPoint.Pass("planned");
    }

    /// <summary>
    /// Durably logs that a batch that failed for good runs without its data. Called by the scheduler, before it does.
    /// </summary>
    /// <exception cref="IOException">The write failed.</exception>
    public void GiveUpData(BatchTime time) => _log!.Append(BatchRecord.OfCommit(time, Outcome.WithoutData));

    /// <summary>
    /// Durably logs that a batch is done, with the positions of the sinks. Called by the scheduler, between batches.
    /// </summary>
    /// <param name="time">The batch.</param>
    /// <param name="outcome">Whether the states include the batch, and with its data.</param>
    /// <exception cref="IOException">The write failed.</exception>
    public void Commit(BatchTime time, Outcome outcome)
    {
        FailPoint.Pass("put out");
        _commit.ResetWrittenCount();
        BatchRecord.WriteCommit(_commit, time, outcome, _sinks);
        _log!.Append(_commit.WrittenMemory);
        FailPoint.Pass("committed");
    }

    /// <summary>
    /// Called once the sinks have published the batch, so that a checkpoint may include it: makes one if it is due.
    /// Called by the scheduler, between batches.
    /// </summary>
    /// <param name="time">The batch.</param>
    public void EndBatch(BatchTime time)
    {
        _lastEnded = time;
        try
        {
            _saver!.EndIfReady();
            SaveIfDue(time);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nothing is lost: the last checkpoint and the log have everything. The log grows until a checkpoint
            // succeeds.
            _saver!.PutOff();
            _warn($"The checkpoint of batch {time} was not made; the next attempt follows in {_options.Interval}. {error.Message}");
        }
    }

    private void SaveIfDue(BatchTime time)
    {
        int segment;
        List<byte[]> positions;
        lock (_pendingLock)
        {
            if (_pending is not { } pending || pending.Time > time)
            {
                return;
            }

            (_, segment, positions) = pending;
            _pending = null;
            if (pending.Time < time)
            {
                return;   // it was given up meanwhile; the next intent record requests a checkpoint again
            }
        }

        if (!_saver!.IsMaking)
        {
            BeginSave(Last!.ZeroTime, time, segment, positions);
            _saver.EndIfReady();
        }
    }

    /// <summary>
    /// Makes the last checkpoint, when nothing runs and no further batch is logged; makes none if a logged batch is not
    /// done.
    /// </summary>
    public void SaveLast()
    {
        _saver!.End();
        if (LastPlanned is { } time && time == _lastEnded && time != Last!.Time)
        {
            BeginSave(Last.ZeroTime, time, _log!.Segment, Positions(time));   // no intent record follows it
            _saver.End();
        }
    }

    public void Dispose()
    {
        _saver?.Dispose();
        _search?.Dispose();
        _log?.Dispose();
        _lock.Dispose();
    }

    // The last logged position of a sink is the one used; called before the sinks are opened.
    private void LoadSinks(List<RecoveredBatch> batches, BatchTime saved)
    {
        foreach ((string name, ReadOnlyMemory<byte> position) in batches
            .SelectMany(batch => batch.Positions ?? new Dictionary<string, ReadOnlyMemory<byte>>()))
        {
            _sinks.Load(name, position.Span);
        }

        _sinks.EndLoad();
        var committed = batches.Where(batch => batch.Outcome is Outcome.Committed or Outcome.CommittedWithoutData)
            .Select(batch => batch.Time).ToHashSet();
        _isCommitted = time => time <= saved || committed.Contains(time);
    }

    private LoadedBatch Load(RecoveredBatch batch, bool wasCounted)
    {
        InputBatch[] inputs = _inputs.Select((input, i) => Load(input, _inputNames[i], batch)).ToArray();
        if (batch.Outcome is Outcome.WithoutData or Outcome.CommittedWithoutData)
        {
            Array.ForEach(inputs, input => input.Dispose());
            inputs = _inputs.Select(input => input.LoadBatch(batch.Time, null)).ToArray();
        }

        return new LoadedBatch(batch.Time, inputs, batch.Outcome, wasCounted);
    }

    // The inputs are told of a batch that never runs, or runs without its data, and count its input as taken: the data,
    // such as files, may be gone.
    private static InputBatch Load(IInputStream input, string name, RecoveredBatch batch)
    {
        try
        {
            return input.LoadBatch(batch.Time, batch.Inputs.TryGetValue(name, out ReadOnlyMemory<byte> saved)
                ? saved : (ReadOnlyMemory<byte>?)null);
        }
        catch (Exception error)
            when (error is InvalidDataException or OtherSchemaException && batch.Outcome is not (Outcome.Pending or Outcome.Committed))
        {
            return input.LoadBatch(batch.Time, null);
        }
        catch (OtherSchemaException error)
        {
            throw new InvalidOperationException(error.Message, error);   // an exception type that callers know
        }
    }

    private List<byte[]> Positions(BatchTime time)
    {
        var positions = new List<byte[]>();
        var writer = new ArrayBufferWriter<byte>();
        foreach (IInputStream input in _inputs)
        {
            writer.ResetWrittenCount();
            input.SavePosition(time, writer);
            positions.Add(writer.WrittenSpan.ToArray());
        }

        return positions;
    }

    private CheckpointSaver NewSaver(BatchLog log, ReceiverJournals journals, StateStores? stores, CheckpointManifest? last) =>
        new(_store, _options, _clock, _warn, log, journals, stores, last);

    /// <param name="zeroTime">Zero time of the first start.</param>
    /// <param name="time">The last batch that the states include.</param>
    /// <param name="segment">
    /// The log file of its intent record: the records of later batches are in this file and later ones.
    /// </param>
    /// <param name="positions">Positions of the inputs, as of the batch.</param>
    private void BeginSave(BatchTime zeroTime, BatchTime time, int segment, List<byte[]> positions) => _saver!.Begin(
        new CheckpointManifest(0, zeroTime, _interval, time, segment, default, 0, 0, []) { Salt = Salt },
        _states.Zip(_stateNames), _inputNames.Zip(positions), _sinks.Last);

    private void WarnOfTornEnd(BatchLogReader log)
    {
        if (log.TornBytes > 0)
        {
            _warn(
                $"{BatchLog.PathOf(_options.Directory, log.Segment)} ended at byte {log.Length} with "
                    + $"{log.TornBytes} bytes of a record that is not whole; they were cut off. A crash while it "
                    + "was written leaves that, " +
                "and its batch runs as if the record had never been begun. Where nothing crashed, the disk has lost a batch's record.");
        }
    }
}
