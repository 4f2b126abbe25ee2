using System.Buffers.Binary;
using System.Text;

namespace FastStream;

/// <summary>
/// Reads a journal at a start, once from front to back: first the entries of each logged batch, then those in no batch.
/// Not thread safe.
/// </summary>
/// <param name="directory">The journal's directory; it may be missing if no position or batch refers to it.</param>
/// <param name="position">The position in the checkpoint; null if it has none.</param>
/// <param name="schema">Describes how the program writes entries; null for bytes as received.</param>
internal sealed class ReceiverJournalReader(string directory, JournalPosition? position, string? schema) : IDisposable
{
    private const int FirstFile = 1;

    private readonly BatchLogReader? _log = position is null && !IsThere(directory) ? null
        : new BatchLogReader(Existing(directory), position?.File ?? FirstFile);
    private readonly List<(long First, int File)> _files = [];   // the first entry of each file read
    private IEnumerator<byte[]>? _groups;
    private ReadOnlyMemory<byte> _rest;                          // unread bytes of the current group
    private long _number;                                        // number of the next entry in it
    private bool _hasBegun;
    private string? _difference;                                 // between the schema of the next entries and the program's

    /// <summary>Number of the next entry to read.</summary>
    public long Next { get; private set; } = position?.Entry ?? 0;

    /// <summary>The file read last, and where to continue writing.</summary>
    public (int File, long Length, long BytesBefore) End => (_log?.Segment ?? FirstFile, _log?.Length ?? 0, _log?.BytesBefore ?? 0);

    /// <summary>
    /// Why the program cannot read the entries that the last call returned; null if it can, or if an earlier version
    /// wrote them, without a schema.
    /// </summary>
    public string? Difference { get; private set; }

    /// <summary>The files read, each with its first entry.</summary>
    public IReadOnlyList<(long First, int File)> Files => _files;

    /// <summary>The entries of a batch.</summary>
    /// <exception cref="InvalidDataException">
    /// The journal is damaged, or lacks entries that the intent record names.
    /// </exception>
    public List<ReadOnlyMemory<byte>> Read(JournalRange range)
    {
        if (range.From != Next)
        {
            throw Damaged($"a batch begins with entry {range.From}, and the one before it ends with entry {Next - 1}");
        }

        Difference = null;
        var entries = new List<ReadOnlyMemory<byte>>();
        while (Next < range.To)
        {
            entries.Add(TryRead(out ReadOnlyMemory<byte> entry) ? entry : throw Damaged($"it ends with entry {Next - 1}, and a "
                + $"batch was planned with entries up to {range.To - 1}"));
        }

        return entries;
    }

    /// <summary>All remaining entries: those in no batch.</summary>
    /// <exception cref="InvalidDataException">The journal is damaged.</exception>
    public List<ReadOnlyMemory<byte>> ReadRest()
    {
        Difference = null;
        var entries = new List<ReadOnlyMemory<byte>>();
        while (TryRead(out ReadOnlyMemory<byte> entry))
        {
            entries.Add(entry);
        }

        // An emptied file has no entry to count from.
        long end = _hasBegun ? Next : position?.First ?? 0;
        if (end < (position?.Written ?? 0))
        {
            throw Damaged($"it ends with entry {end - 1}, and entries up to {position!.Value.Written - 1} were on the disk");
        }

        NoteFile(Next);   // a file that was begun and has no entry yet
        return entries;
    }

    public void Dispose() => _groups?.Dispose();

    private static bool IsThere(string directory) => Directory.Exists(directory) && BatchLog.Segments(directory).Any();

    private static string Existing(string directory) => Directory.Exists(directory)
        ? directory
        : throw new InvalidDataException($"{directory} is missing. A checkpoint says that what was received is there: bring it "
            + "back; without it what was acknowledged and is in no batch yet is lost.");

    private bool TryRead(out ReadOnlyMemory<byte> entry)
    {
        entry = default;
        do
        {
            if (_rest.IsEmpty && !TryBeginGroup())
            {
                if (_hasBegun && _number < Next)
                {
                    throw Damaged($"it ends with entry {_number - 1}, and a checkpoint counts entries up to {Next - 1}");
                }

                return false;
            }

            int length = _rest.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32LittleEndian(_rest.Span);
            if (length < 0 || length > _rest.Length - sizeof(int))
            {
                throw Damaged($"entry {_number} has the length {length}, and {_rest.Length} bytes are left of its group");
            }

            entry = _rest.Slice(sizeof(int), length);
            _rest = _rest[(sizeof(int) + length)..];
            _number++;
        }
        while (_number <= Next);   // skips entries that the checkpoint includes

        Next++;
        Difference ??= _difference;
        return true;
    }

    private bool TryBeginGroup()
    {
        _groups ??= _log?.Frames().GetEnumerator();
        long first;
        do
        {
            if (_groups is null || !_groups.MoveNext())
            {
                return false;
            }

            ReadOnlySpan<byte> rest = _groups.Current;
            first = StateReader.ReadInt64(ref rest);
            if (first == ReceiverJournalWriter.SchemaFrame)
            {
                _difference = SchemaMatch.Difference(Encoding.UTF8.GetString(rest), schema ?? "bytes as they came");
            }
        }
        while (first == ReceiverJournalWriter.SchemaFrame);

        if (_hasBegun ? first != _number : first < 0 || first > Next)
        {
            throw Damaged($"a group begins with entry {first}, "
                + $"and {(_hasBegun ? $"entry {_number}" : $"one not behind entry {Next}")} is expected");
        }

        _hasBegun = true;
        _number = first;
        _rest = _groups.Current.AsMemory(sizeof(long));
        NoteFile(first);
        return true;
    }

    private void NoteFile(long first)
    {
        if (_log is not null && (_files.Count == 0 || _files[^1].File != _log.Segment))
        {
            _files.Add((first, _log.Segment));
        }
    }

    private InvalidDataException Damaged(string why) => new(
        $"{(_log is null ? directory : BatchLog.PathOf(directory, Math.Max(_log.Segment, FirstFile)))} does not fit the "
            + $"checkpoint directory that it lies in: {why}. Bring back a copy of the whole directory that is of one moment.");
}
