using System.Buffers;

namespace FastStream;

/// <summary>The order of a batch's life on disk, of a checkpoint and of a recovery; nothing else.</summary>
/// <remarks>
/// <code>
/// generator   Plan(t)     what the batch is made of is on the disk before it runs
/// scheduler   Commit(t)   that it is done is on the disk before sinks publish it and the next one runs
///             EndBatch(t)
///             BeginSave(t)  now and then: a new log file, then all states as of t; those in stores get to the disk
///                           while the next batches run
///             EndSave(t)    when all are there: the manifest, under a new number; then logs and checkpoints that
///                           nobody needs go
/// </code>
/// A start takes the newest checkpoint that is whole, and runs the planned batches after it: those that were done for
/// the states alone, the others with their outputs.
/// </remarks>
internal sealed class CheckpointCoordinator : IDisposable
{
    private const int LargestKeptPlan = 16 << 20;                     // a buffer larger than this goes with its batch

    private readonly CheckpointOptions _options;
    private readonly TimeSpan _interval;                              // between batches
    private readonly TimeProvider _clock;
    private readonly IReadOnlyList<IInputStream> _inputs;
    private readonly string[] _inputNames;
    private readonly CheckpointStore _store;
    private readonly FileStream _lock;
    private readonly Action<string> _warn;
    private ArrayBufferWriter<byte> _plan = new();
    // guards _pending: the generator asks for a checkpoint, the scheduler makes it
    private readonly Lock _pendingLock = new();
    private IReadOnlyList<IStateSnapshot> _states = [];
    private string[] _stateNames = [];
    private BatchLog? _log;
    private CheckpointSearch? _search;                                // what a start found; its data are open until they are loaded
    private CheckpointSaver? _saver;                                  // since the recovery
    // a batch that a checkpoint is to be made of: the log file of its plan, and positions as of it
    private (BatchTime Time, int Segment, List<byte[]> Positions)? _pending;
    private long _loggedBytes;                                        // since the last batch that was chosen so; the generator's
    private int _loggedBatches;                                       // as _loggedBytes
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

    /// <summary>What says which partition owns a key: as options or the newest checkpoint have it, else new.</summary>
    public KeySalt Salt { get; private set; }

    /// <summary>Zero time of the program's first start; null on that.</summary>
    public BatchTime? ZeroTime => Last?.ZeroTime;

    /// <summary>The last batch that was planned; batches go on after it.</summary>
    public BatchTime? LastPlanned { get; private set; }

    /// <summary>The last batch of the newest checkpoint: zero time at first.</summary>
    public BatchTime LastSaved => Last!.Time;

    /// <summary>Whether an earlier run has written down that a batch is done. What a checkpoint counts is published or aborted
    /// by all sinks.</summary>
    public bool IsCommitted(BatchTime time) => _isCommitted(time);

    private CheckpointManifest? Last => _saver is { } saver ? saver.Last : _search!.Found?.Manifest;

    /// <summary>Takes the directory, for this process alone, and looks for the newest checkpoint that is whole.</summary>
    /// <exception cref="InvalidOperationException">Another process has it.</exception>
    /// <exception cref="InvalidDataException">There are checkpoints, and all are damaged.</exception>
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
    /// Gives states and inputs back what they were, and the batches after the checkpoint, to be run. Before the inputs
    /// start.
    /// </summary>
    /// <exception cref="InvalidOperationException">What was saved does not fit the program.</exception>
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

        // Without states nothing comes of running a batch again that was put out already.
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

    /// <summary>Brings to the disk what a batch is made of. By the generator, before it is submitted.</summary>
    /// <exception cref="IOException">The disk did not take it: the batch must not run.</exception>
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
    /// Brings to the disk that a batch without input runs at a time that was passed over. By the scheduler, before it
    /// runs; the batch after it is planned already.
    /// </summary>
    /// <exception cref="IOException">The disk did not take it: the batch must not run.</exception>
    public void PlanEmpty(BatchTime time)
    {
        var plan = new ArrayBufferWriter<byte>();
        BatchRecord.WritePlan(plan, time, [], [], []);
        _log!.Append(plan.WrittenMemory);
        FailPoint.Pass("planned");
    }

    /// <summary>Brings to the disk that a batch that failed for good runs without its data. By the scheduler, before it does.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void GiveUpData(BatchTime time) => _log!.Append(BatchRecord.OfCommit(time, Outcome.WithoutData));

    /// <summary>Brings to the disk that a batch is done, and where the sinks are. By the scheduler, between batches.</summary>
    /// <param name="time">The batch.</param>
    /// <param name="outcome">Whether the states count it, and with its data.</param>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void Commit(BatchTime time, Outcome outcome)
    {
        FailPoint.Pass("put out");
        _commit.ResetWrittenCount();
        BatchRecord.WriteCommit(_commit, time, outcome, _sinks);
        _log!.Append(_commit.WrittenMemory);
        FailPoint.Pass("committed");
    }

    /// <summary>The sinks have published the batch, so that a checkpoint may count it: makes one if it is time. By the
    /// scheduler, between batches.</summary>
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
            // Nothing is lost: the last checkpoint and the log have it all. The log grows until one succeeds.
            _saver!.PutOff();
            _warn($"The checkpoint of batch {time} was not made; the next one is tried in {_options.Interval}. {error.Message}");
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
                return;   // it was given up on the way; the next plan asks again
            }
        }

        if (!_saver!.IsMaking)
        {
            BeginSave(Last!.ZeroTime, time, segment, positions);
            _saver.EndIfReady();
        }
    }

    /// <summary>Makes the last checkpoint, when nothing runs and nothing more is planned; none where a planned batch is not done.</summary>
    public void SaveLast()
    {
        _saver!.End();
        if (LastPlanned is { } time && time == _lastEnded && time != Last!.Time)
        {
            BeginSave(Last.ZeroTime, time, _log!.Segment, Positions(time));   // nothing is planned after it
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

    // The last position that a sink has written down counts; before the sinks are opened.
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

    // A batch that never runs, or runs without its data, is told to its inputs, which count it as taken: what it was
    // made of, such as files, may be gone.
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
            throw new InvalidOperationException(error.Message, error);   // by a name that callers have
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
    /// <param name="time">The last batch that the states count.</param>
    /// <param name="segment">The log file of its plan: those of batches after it are in this one and later ones.</param>
    /// <param name="positions">Of the inputs, as of the batch.</param>
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
