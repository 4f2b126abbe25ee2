using System.Buffers;

namespace FastStream;

/// <summary>
/// What one input receives, on the disk before it counts as received: Spark's write-ahead log of a receiver. Safe from any
/// thread once it has begun.
/// </summary>
/// <remarks>
/// <code>
/// receivers   Append       an entry (what is received together) gets a number, in the order of the input's queue
/// generator   Cut          the entries since the last cut are a batch
///             SaveBatch    waits until they are on the disk; the plan names their numbers
/// </code>
/// A start reads on behind the last checkpoint: what planned batches name, and then what is in none, which goes into the
/// first new batch. The journal of an input that has none any more is read so
/// too, if nothing is left in it.
/// <para>
/// An input has one (<see cref="Runtime.SourceContext.Journal"/>) where it says so by <c>KeepsJournal</c>. It calls <see cref="Begin"/>
/// when it starts, then <see cref="Append"/> for what it receives and
/// <see cref="Cut"/> for each batch, both under one lock of its own, so that batches and entries have the same order; it saves and
/// loads batches by <see cref="SaveBatch"/> and
/// <see cref="TryLoad"/>. Position, retirement and end are the context's to care for.
/// </para>
/// </remarks>
public sealed class ReceiverJournal
{
    private readonly string _directory;
    private readonly string _input;                                     // its name, for messages
    private readonly ReceiverJournalOptions? _options;                  // null: nothing is written
    private readonly Action<StreamingException> _fail;
    private readonly string? _schema;                                   // how entries are written; null for bytes as they came
    // of this run, made or not: the first file that each needs; guarded by itself
    private readonly List<(BatchTime Time, int File)> _checkpoints = [];
    private ReceiverJournalReader? _reader;                             // until it begins
    private JournalPosition? _position;                                 // as loaded
    private ReceiverJournalWriter? _writer;                             // since it has begun; null where nothing is written
    private long _cut;                                                  // entries before this one are in a batch, or in the last cut
    private JournalRange _lastCut;
    private long _planned;                                              // entries before this one are in a batch

    /// <param name="directory">The journal's own directory; made when it begins.</param>
    /// <param name="input">The input's name.</param>
    /// <param name="options">Bounds; null where nothing is to be written.</param>
    /// <param name="fail">Told when the disk does not take what is received.</param>
    /// <param name="schema">How entries are written; null for bytes as they came.</param>
    internal ReceiverJournal(
        string directory, string input, ReceiverJournalOptions? options, Action<StreamingException> fail, string? schema = null)
    {
        _directory = directory;
        _input = input;
        _options = options;
        _fail = fail;
        _schema = schema;
    }

    /// <summary>
    /// Whether what is received is to be appended: false where the context has no <see cref="CheckpointOptions.ReceiverJournal"/> any
    /// more, and only what an earlier run left is read.
    /// </summary>
    public bool IsOn => _options is not null;

    /// <summary>Whether there is room for more to wait for the disk.</summary>
    public bool HasRoom => Writer.HasRoom;

    private ReceiverJournalWriter Writer => _writer ?? throw new InvalidOperationException(
        $"The journal of {_input} takes nothing "
            + $"{(IsOn ? "before it has begun. Call Begin first" : "any more: it is off. Look at IsOn first")}.");

    private ReceiverJournalReader Reader => _reader ??= new ReceiverJournalReader(_directory, _position, _schema);

    /// <summary>Goes on from a checkpoint. Before <see cref="Load"/> and <see cref="Begin"/>.</summary>
    /// <exception cref="InvalidDataException">It is of another version.</exception>
    internal void LoadPosition(ReadOnlySpan<byte> saved)
    {
        // Nothing is there from a time without a journal.
        _position = saved.IsEmpty ? null : JournalPosition.Read(saved, _input);
    }

    /// <summary>What a planned batch is made of. In the order of the batches, before it begins.</summary>
    /// <exception cref="InvalidDataException">The journal is damaged, or has not what the plan names.</exception>
    /// <exception cref="InvalidOperationException">The entries were written as another type.</exception>
    internal List<ReadOnlyMemory<byte>> Load(JournalRange range)
    {
        List<ReadOnlyMemory<byte>> entries = Reader.Read(range);
        return Reader.Difference is { } difference ? throw new OtherSchemaException(_input, difference) : entries;
    }

    /// <summary>
    /// What a batch is made of that <see cref="SaveBatch"/> wrote down: its entries, in order. In the order of the batches, before <see
    /// cref="Begin"/>.
    /// </summary>
    /// <param name="saved">Moves on behind what was written.</param>
    /// <param name="entries">The entries.</param>
    /// <returns>False where the batch was not written by a journal; nothing is read then.</returns>
    /// <exception cref="InvalidDataException">The journal is damaged, or has not what the plan names.</exception>
    /// <exception cref="InvalidOperationException">The entries were written as another type.</exception>
    public bool TryLoad(ref ReadOnlySpan<byte> saved, out IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        entries = [];
        if (!JournalRange.TryRead(ref saved, out JournalRange range))
        {
            return false;
        }

        entries = Load(range);
        return true;
    }

    /// <summary>Opens the journal to be appended to; gives what is in no batch, which goes into the first one.</summary>
    /// <exception cref="InvalidDataException">The journal is damaged.</exception>
    /// <exception cref="InvalidOperationException">
    /// The input has no journal any more, and something is left in it; or what is left was written as another type.
    /// </exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> Begin()
    {
        using ReceiverJournalReader reader = Reader;
        List<ReadOnlyMemory<byte>> rest = reader.ReadRest();
        if (reader.Difference is { } difference)
        {
            throw new InvalidOperationException(OtherSchemaException.Sentence(_input, difference));
        }

        if (!IsOn && rest.Count > 0)
        {
            throw new InvalidOperationException(
                $"The journal of {_input} in {_directory} has {rest.Count} entries that were received and are in no batch, and "
                    + "CheckpointOptions.ReceiverJournal is not set. Set it, and stop gracefully once; then start without it.");
        }

        _cut = _planned = reader.Next - rest.Count;
        _reader = null;
        (int file, long length, long bytesBefore) = reader.End;
        if (reader.Files.Count > 0)
        {
            _position = new JournalPosition(_planned, reader.Next, file, reader.Files[^1].First);
        }

        if (IsOn)
        {
            MakeDirectory();
            _writer = new ReceiverJournalWriter(_input, _options!, BatchLog.Open(_directory, file, length, bytesBefore), reader.Files,
                reader.Next, _fail, _schema);
        }

        return rest;
    }

    /// <summary>
    /// Appends an entry, by whoever holds the lock of the input's queue. Blocks while there is no room; <see
    /// cref="WaitForRoomAsync"/> first.
    /// </summary>
    /// <exception cref="IOException">The disk has failed, or the journal has ended: the entry will not be on it.</exception>
    public void Append(ReadOnlySpan<byte> entry) => Writer.Append(entry);

    /// <summary>Done when all that was appended until now is on the disk.</summary>
    /// <exception cref="IOException">The disk has failed.</exception>
    public Task WhenWrittenAsync() => Writer.WhenWrittenAsync(Writer.Next);

    /// <summary>Waits until there is room for an entry, or nothing can be appended any more.</summary>
    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken) => Writer.WaitForRoomAsync(cancellationToken);

    /// <summary>
    /// The entries since the last cut are a batch. By whoever holds the lock of the input's queue, and the generator alone.
    /// </summary>
    public void Cut()
    {
        _lastCut = new JournalRange(_cut, Writer.Next);
        _cut = _lastCut.To;
    }

    /// <summary>Writes down which entries the last cut has, when they are on the disk. By the generator.</summary>
    /// <exception cref="IOException">The disk has failed: the batch must not run.</exception>
    public void SaveBatch(IBufferWriter<byte> output)
    {
        Writer.WhenWrittenAsync(_lastCut.To).GetAwaiter().GetResult();
        _lastCut.Write(output);
        _planned = _lastCut.To;
    }

    /// <summary>Writes down where the entries begin that no batch up to now has; nothing where there never was a journal.</summary>
    internal void SavePosition(BatchTime time, IBufferWriter<byte> output)
    {
        // Without a writer it stays where it is: nothing is added.
        JournalPosition? position = _writer is null ? _position : _writer.PositionOf(_planned);
        if (position is not { } known)
        {
            return;
        }

        known.Write(output);
        lock (_checkpoints)
        {
            _checkpoints.Add((time, known.File));
        }
    }

    /// <summary>
    /// No checkpoint before that of a batch is kept: files that only they need go. Where that is a checkpoint of an earlier
    /// run, all files stay for the time being.
    /// </summary>
    internal void Retire(BatchTime oldestKept)
    {
        int file;
        lock (_checkpoints)
        {
            _checkpoints.RemoveAll(checkpoint => checkpoint.Time < oldestKept);
            if (_writer is null || _checkpoints.Count == 0 || _checkpoints[0].Time != oldestKept)
            {
                return;
            }

            file = _checkpoints[0].File;
        }

        _writer.RemoveBefore(file);
        FailPoint.Pass("journal retired");
    }

    /// <summary>Brings what waits to the disk, and ends.</summary>
    internal ValueTask CloseAsync()
    {
        _reader?.Dispose();
        return _writer is null ? ValueTask.CompletedTask : new ValueTask(_writer.CloseAsync());
    }

    private void MakeDirectory()
    {
        string above = Path.GetDirectoryName(_directory)!;
        foreach (string directory in new[] { above, _directory }.Where(directory => !Directory.Exists(directory)))
        {
            PrivateFile.MakeDirectory(directory);
            DurableFile.FlushDirectory(Path.GetDirectoryName(directory)!);
        }
    }
}
