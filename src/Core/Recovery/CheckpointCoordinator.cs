using System.Buffers;

namespace FastStream;

/// <summary>The order of a batch's life on disk, of a checkpoint and of a recovery; nothing else.</summary>
/// <remarks>
/// <code>
/// generator   Plan(t)     what the batch is made of is on the disk before it runs
/// scheduler   Commit(t)   that it is done is on the disk before sinks publish it and the next one runs
///             EndBatch(t)
///             BeginSave(t)  now and then: a new log file, then all states as of t; those in stores get to the disk while the next batches run
///             EndSave(t)    when all are there: the manifest, under a new number; then logs and checkpoints that nobody needs go
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
    private readonly CheckpointScrubber _scrubber;
    private readonly FileStream _lock;
    private readonly Action<string> _warn;
    private ArrayBufferWriter<byte> _plan = new();
    // guards _pending: the generator asks for a checkpoint, the scheduler makes it
    private readonly Lock _pendingLock = new();
    private IReadOnlyList<IStateSnapshot> _states = [];
    private string[] _stateNames = [];
    private ReceiverJournals? _journals;
    private BatchLog? _log;
    private CheckpointManifest? _last;                                // the newest checkpoint
    private CheckpointData? _found;                                   // what a start found, until it is loaded
    private List<(int Number, string Damage)> _damages = [];          // newer ones that a start found damaged
    // how far the log went at least, as the checkpoints tell that a start found
    private LogEnd _known;
    // a batch that a checkpoint is to be made of: the log file of its plan, and positions as of it
    private (BatchTime Time, int Segment, List<byte[]> Positions)? _pending;
    private long _loggedBytes;                                        // since the last batch that was chosen so; the generator's
    private BatchTime? _lastEnded;                                    // done, and published by the sinks
    private readonly ArrayBufferWriter<byte> _commit = new();
    private SinkPositions _sinks = new([]);
    private Func<BatchTime, bool> _isCommitted = static _ => false;   // by earlier runs
    private long _savedAt;                                            // timestamp of the last checkpoint
    private StateStores? _stores;                                     // null where all states are in memory
    private volatile CheckpointInMaking? _making;                     // begun, and not done; the generator looks whether there is one
    private long _makingSince;                                        // timestamp
    private TimeSpan _slow;                                           // after which a warning is due

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
        _scrubber = new CheckpointScrubber(_store, options.Directory, warn);
        _savedAt = clock.GetTimestamp();
    }

    /// <summary>What says which partition owns a key: as options or the newest checkpoint have it, else new.</summary>
    public KeySalt Salt { get; private set; }

    /// <summary>Zero time of the program's first start; null on that.</summary>
    public BatchTime? ZeroTime => _last?.ZeroTime;

    /// <summary>The last batch that was planned; batches go on after it.</summary>
    public BatchTime? LastPlanned { get; private set; }

    /// <summary>The last batch of the newest checkpoint: zero time at first.</summary>
    public BatchTime LastSaved => _last!.Time;

    /// <summary>Whether an earlier run has written down that a batch is done. What a checkpoint counts is published or aborted
    /// by all sinks.</summary>
    public bool IsCommitted(BatchTime time) => _isCommitted(time);

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
            coordinator.FindLast();
            coordinator.Salt = options.KeySalt is null && coordinator._last?.Salt is { } saved ? saved : KeySalt.Of(options);
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
    public IReadOnlyList<JobSet> Recover(IReadOnlyList<IStateSnapshot> states, StateStores? stores = null, SinkPositions? sinks = null)
    {
        _sinks = sinks ?? _sinks;
        _states = states;
        _stores = stores;
        _stateNames = OperatorIds.Of([.. states.Select(state => state.Stream)]);
        _journals = new ReceiverJournals(_options, _inputs, _inputNames, _warn);
        if (_last is null)
        {
            _log = BatchLog.Open(_options.Directory, segment: 1, length: 0);
            return [];
        }

        if (_last.BatchInterval != _interval)
        {
            throw new InvalidOperationException(
                $"{_options.Directory} has batches of every {_last.BatchInterval}, and this program makes one every "
                    + $"{_interval}: windows and times would not fit. Start with the interval of before, or with a directory of its own.");
        }

        var saved = new SavedParts(_found!, Salt, _options.UnmatchedState, _warn);
        saved.LoadInto(_stateNames, states, _inputNames, _inputs);
        saved.LoadInto(_sinks);
        _found!.Dispose();
        _found = null;

        var log = new BatchLogReader(_options.Directory, _last.LogSegment, _known);
        List<RecoveredBatch> batches = BatchRecord.Collect(log.Frames(), after: _last.Time);
        _log = BatchLog.Open(_options.Directory, log.Segment, log.Length, log.BytesBefore);
        LoadSinks(batches, _last.Time);
        WarnOfTornEnd(log);
        PutDamagedAside();
        LastPlanned = batches.Count > 0 ? batches[^1].Time : _last.Time;
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
        if (_last is null)
        {
            FailPoint.Pass("begun");
            BeginSave(zeroTime, zeroTime, _log!.Segment, Positions(zeroTime));
            EndSave();
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
            if (_pending is null && _making is null
                && (_clock.GetElapsedTime(_savedAt) >= _options.Interval || _loggedBytes >= _options.MaxLogBytes))
            {
                _pending = (time, segment, Positions(time));
                _loggedBytes = 0;
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
            EndSaveIfReady();
            SaveIfDue(time);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nothing is lost: the last checkpoint and the log have it all. The log grows until one succeeds.
            _savedAt = _clock.GetTimestamp();
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

        if (_making is null)
        {
            BeginSave(_last!.ZeroTime, time, segment, positions);
            EndSaveIfReady();
        }
    }

    /// <summary>Makes the last checkpoint, when nothing runs and nothing more is planned; none where a planned batch is not done.</summary>
    public void SaveLast()
    {
        EndSave();
        if (LastPlanned is { } time && time == _lastEnded && time != _last!.Time)
        {
            BeginSave(_last!.ZeroTime, time, _log!.Segment, Positions(time));   // nothing is planned after it
            EndSave();
        }
    }

    public void Dispose()
    {
        EndSaveAtLast();
        _scrubber.Dispose();
        _found?.Dispose();
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

    private JobSet Load(RecoveredBatch batch, bool wasCounted)
    {
        InputBatch[] inputs = _inputs.Select((input, i) => Load(input, _inputNames[i], batch)).ToArray();
        if (batch.Outcome is Outcome.WithoutData or Outcome.CommittedWithoutData)
        {
            Array.ForEach(inputs, input => input.Dispose());
            inputs = _inputs.Select(input => input.LoadBatch(batch.Time, null)).ToArray();
        }

        return new JobSet(batch.Time, inputs, _clock.GetUtcNow().ToUnixTimeMilliseconds())
        {
            Recovery = batch.Outcome,
            WasCounted = wasCounted,
            InputInfos =
                inputs.Select((cut, i) => new InputInfo(_inputs[i].Id, _inputs[i].Name, cut.RecordCount, cut.SizeBytes, cut.Description))
                    .ToArray(),
        };
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

    /// <param name="zeroTime">Zero time of the first start.</param>
    /// <param name="time">The last batch that the states count.</param>
    /// <param name="segment">The log file of its plan: those of batches after it are in this one and later ones.</param>
    /// <param name="positions">Of the inputs, as of the batch.</param>
    private void BeginSave(BatchTime zeroTime, BatchTime time, int segment, List<byte[]> positions)
    {
        int number = (_last?.Number ?? 0) + 1;
        if (_last is not null)
        {
            // Before the checkpoint counts, which then names it: of a log that ends with a file that nobody knows of, nobody would miss
            // that file.
            _log!.Roll();
            FailPoint.Pass("rolled");
        }

        var manifest = new CheckpointManifest(number, zeroTime, _interval, time, segment, _log!.End, 0, 0, []) { Salt = Salt };
        _making = new CheckpointInMaking(_store, manifest, _states.Zip(_stateNames), _inputNames.Zip(positions), _sinks.Last);
        _makingSince = _clock.GetTimestamp();
        _slow = _stores?.SlowSnapshot ?? Timeout.InfiniteTimeSpan;
        FailPoint.Pass("save begun");
    }

    private void EndSaveIfReady()
    {
        if (_making is null)
        {
            return;
        }

        if (_making.IsReady)
        {
            EndSave();
        }
        else if (_slow > TimeSpan.Zero && _clock.GetElapsedTime(_makingSince) > _slow)
        {
            _warn($"The states of batch {_making.Time} have been on their way to the disk for "
                + $"{_clock.GetElapsedTime(_makingSince)}. Batches go on; the last checkpoint is that of "
                + $"{_last!.Time}. StateOptions.SlowSnapshotWarning sets when this is said.");
            _slow *= 2;
        }
    }

    // What is on its way has to be waited for in any case.
    private void EndSaveAtLast()
    {
        try
        {
            EndSave();
        }
        catch (Exception error)
            when (error is IOException or UnauthorizedAccessException or InvalidDataException or OperationCanceledException)
        {
            _warn($"The last checkpoint was not made; the one before stands. {error.Message}");
        }
    }

    // The last step is short: the states are on the disk, or are waited for.
    private void EndSave()
    {
        if (_making is not { } making)
        {
            return;
        }

        try
        {
            _last = making.Finish();
        }
        finally
        {
            making.Dispose();
            _making = null;
        }

        FailPoint.Pass("saved");
        _savedAt = _clock.GetTimestamp();
        Retire();
        FailPoint.Pass("retired");
        _scrubber.LookAtNext(_last);
    }

    // Only what no kept checkpoint needs.
    private void Retire()
    {
        IReadOnlyList<int> numbers = _store.Numbers;
        foreach (int old in numbers.Skip(_options.KeptCheckpoints))
        {
            _store.Remove(old);
        }

        FailPoint.Pass("checkpoints removed");
        _log!.RemoveBefore(numbers.Take(_options.KeptCheckpoints).Min(_store.LogSegmentOf));
        _journals!.Retire(_store, numbers.Take(_options.KeptCheckpoints).Last());
        RetireStores(numbers.Take(_options.KeptCheckpoints));
    }

    // Where a manifest cannot be read nobody knows what an undamaged copy of it would need: nothing goes.
    private void RetireStores(IEnumerable<int> kept)
    {
        CheckpointManifest?[] manifests = _stores is null ? [] : [.. kept.Select(_store.TryManifestOf)];
        if (manifests.Length > 0 && !manifests.Contains(null))
        {
            _stores!.Retire(
                [.. manifests.SelectMany(manifest => manifest!.Parts).Select(part => part.Store).OfType<StoredSnapshot>()
                    .Select(store => (store.Id, store.Snapshot))]);
        }
    }

    private void FindLast()
    {
        IReadOnlyList<int> numbers = _store.Numbers;
        foreach (int number in numbers)
        {
            try
            {
                _found = _store.Load(number);
                _last = _found.Manifest;
                break;
            }
            catch (InvalidDataException error)
            {
                _damages.Add((number, $"checkpoint {number}: {error.Message}"));
            }
        }

        if (_last is null && (numbers.Count > 0 || BatchLog.Exists(_options.Directory)))
        {
            throw new InvalidDataException(
                $"{_options.Directory} has batches of earlier runs, and no checkpoint that is whole "
                    + $"({string.Join("; ", _damages.Select(each => each.Damage).DefaultIfEmpty("none is there"))}). "
                    + "Bring an undamaged copy back, or move the directory away to begin anew without what is in it.");
        }

        // Damaged data say nothing against the manifest beside them.
        _known = numbers.Select(_store.LogEndOf).Append(default).MaxBy(end => (end.Segment, end.Length));
    }

    // When the log has been read: a start that is refused leaves all as it was, and the next one is refused too.
    private void PutDamagedAside()
    {
        foreach ((int number, string damage) in _damages)
        {
            _store.Quarantine(number);
            _warn($"A damaged checkpoint was put aside, and an older one is used. {damage}");
        }

        _damages = [];
    }

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
