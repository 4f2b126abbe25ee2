using System.Buffers;

namespace FastStream;

/// <summary>
/// The write-ahead log of one input, as for Spark's receivers: data is on disk before it counts as received. Safe from
/// any thread after <see cref="Begin"/>.
/// </summary>
/// <remarks>
/// <code>
/// receivers   Append       gives an entry (data received together) a number, in the order of the input's queue
/// generator   Cut          makes the entries since the last cut a batch
///             SaveBatch    waits until they are on disk; the intent record names their numbers
/// </code>
/// A start reads the entries after the last checkpoint: first those that intent records name, and then those in no
/// batch, which go into the first new batch. A start also reads the journal of an input that no longer keeps one,
/// provided that nothing is left in it.
/// <para>
/// An input has a journal (<see cref="Runtime.SourceContext.Journal"/>) where its <c>KeepsJournal</c> is true. It calls
/// <see cref="Begin"/> when it starts, then <see cref="Append"/> for what it receives and <see cref="Cut"/> for each
/// batch, both under one lock of its own, so that batches and entries have the same order. It saves and loads batches
/// with <see cref="SaveBatch"/> and <see cref="TryLoad"/>. The context takes care of position, retirement and end.
/// </para>
/// </remarks>
public sealed class ReceiverJournal
{
    private readonly string _directory;
    private readonly string _input;                                     // its name, for messages
    private readonly ReceiverJournalOptions? _options;                  // null: nothing is written
    private readonly Action<StreamingException> _fail;
    private readonly string? _schema;                                   // how entries are written; null for bytes as received
    // checkpoints of this run, complete or not, with the first file that each needs; guarded by itself
    private readonly List<(BatchTime Time, int File)> _checkpoints = [];
    private ReceiverJournalReader? _reader;                             // until it begins
    private JournalPosition? _position;                                 // as loaded
    private ReceiverJournalWriter? _writer;                             // since it has begun; null where nothing is written
    private long _cut;                                                  // entries before this one are in a batch or in the last cut
    private JournalRange _lastCut;
    private long _planned;                                              // entries before this one are in a batch

    /// <param name="directory">The journal's own directory; created by <see cref="Begin"/>.</param>
    /// <param name="input">The input's name.</param>
    /// <param name="options">The bounds; null where the journal is read only.</param>
    /// <param name="fail">Called when writing to the disk fails.</param>
    /// <param name="schema">Describes how entries are written; null for bytes as received.</param>
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
    /// Whether the input must append what it receives. False where the context no longer has a
    /// <see cref="CheckpointOptions.ReceiverJournal"/>, and only reads the entries of an earlier run.
    /// </summary>
    public bool IsOn => _options is not null;

    /// <summary>Whether the buffer has room for more entries that wait to be written.</summary>
    public bool HasRoom => Writer.HasRoom;

    private ReceiverJournalWriter Writer => _writer ?? throw new InvalidOperationException(
        $"The journal of {_input} takes nothing "
            + $"{(IsOn ? "before it has begun. Call Begin first" : "any more: it is off. Look at IsOn first")}.");

    private ReceiverJournalReader Reader => _reader ??= new ReceiverJournalReader(_directory, _position, _schema);

    /// <summary>Resumes from a checkpoint. Call it before <see cref="Load"/> and <see cref="Begin"/>.</summary>
    /// <exception cref="InvalidDataException">The position has another version.</exception>
    internal void LoadPosition(ReadOnlySpan<byte> saved)
    {
        // Empty if the checkpoint was made without a journal.
        _position = saved.IsEmpty ? null : JournalPosition.Read(saved, _input);
    }

    /// <summary>
    /// Reads the entries of a batch that an intent record names. Call it in the order of the batches, before
    /// <see cref="Begin"/>.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The journal is damaged, or lacks entries that the intent record names.
    /// </exception>
    /// <exception cref="InvalidOperationException">The entries were written as another type.</exception>
    internal List<ReadOnlyMemory<byte>> Load(JournalRange range)
    {
        List<ReadOnlyMemory<byte>> entries = Reader.Read(range);
        return Reader.Difference is { } difference ? throw new OtherSchemaException(_input, difference) : entries;
    }

    /// <summary>
    /// Reads the entries, in order, of a batch that <see cref="SaveBatch"/> logged. Call it in the order of the
    /// batches, before <see cref="Begin"/>.
    /// </summary>
    /// <param name="saved">The logged bytes; advanced past those read.</param>
    /// <param name="entries">The entries.</param>
    /// <returns>False if a journal did not write the batch; nothing is read then.</returns>
    /// <exception cref="InvalidDataException">
    /// The journal is damaged, or lacks entries that the intent record names.
    /// </exception>
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

    /// <summary>
    /// Opens the journal for appending. Returns the entries that are in no batch; they go into the first one.
    /// </summary>
    /// <exception cref="InvalidDataException">The journal is damaged.</exception>
    /// <exception cref="InvalidOperationException">
    /// The input no longer has a journal but entries are left in it; or the entries left were written as another type.
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
    /// Appends an entry. The caller holds the lock of the input's queue. Blocks while there is no room: call
    /// <see cref="WaitForRoomAsync"/> first.
    /// </summary>
    /// <exception cref="IOException">
    /// The disk has failed, or the journal is closed: the entry will not be written.
    /// </exception>
    public void Append(ReadOnlySpan<byte> entry) => Writer.Append(entry);

    /// <summary>Completes when everything appended until now is on disk.</summary>
    /// <exception cref="IOException">The disk has failed.</exception>
    public Task WhenWrittenAsync() => Writer.WhenWrittenAsync(Writer.Next);

    /// <summary>Waits until there is room for an entry, or until the journal accepts no more entries.</summary>
    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken) => Writer.WaitForRoomAsync(cancellationToken);

    /// <summary>
    /// Makes the entries since the last cut a batch. Only the generator calls it, holding the lock of the input's
    /// queue.
    /// </summary>
    public void Cut()
    {
        _lastCut = new JournalRange(_cut, Writer.Next);
        _cut = _lastCut.To;
    }

    /// <summary>Logs which entries the last cut has, once they are on disk. Called by the generator.</summary>
    /// <exception cref="IOException">The disk has failed: the batch must not run.</exception>
    public void SaveBatch(IBufferWriter<byte> output)
    {
        Writer.WhenWrittenAsync(_lastCut.To).GetAwaiter().GetResult();
        _lastCut.Write(output);
        _planned = _lastCut.To;
    }

    /// <summary>
    /// Writes the position of the first entry that no batch has yet; writes nothing where there never was a journal.
    /// </summary>
    internal void SavePosition(BatchTime time, IBufferWriter<byte> output)
    {
        // Without a writer, the position does not move: nothing is appended.
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
    /// Deletes the files that only checkpoints before that of a batch need: those checkpoints are no longer kept. If
    /// the oldest kept checkpoint is of an earlier run, all files stay for now.
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

    /// <summary>Writes the waiting entries to disk and closes the journal.</summary>
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
