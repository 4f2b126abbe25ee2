using System.Globalization;

namespace FastStream;

/// <summary>
/// The write-ahead log of a context's batches: consecutive frames in consecutively numbered files. Safe from any
/// thread.
/// </summary>
/// <remarks>
/// A frame is on disk when <c>Append</c> returns. After a disk failure, the content of the file is unknown: nothing
/// more is appended, and the context must stop and start again.
/// <code>batches-000000001.log: | the file's own frame: format, number, salt | frames of batches … |</code>
/// A file records the length of the one before it, and a checkpoint records the end of the log, so that a missing or
/// truncated file is detected. The checksums of the frames are seeded with the salt (a random number of the file) and
/// the offset in the file. Remains of an older file on the disk, and data that a user sent, therefore never pass for
/// frames.
/// </remarks>
internal sealed class BatchLog : IDisposable
{
    /// <summary>Bytes of a file before its first batch.</summary>
    public const int FileHeaderBytes = Frame.HeaderBytes + BatchLogFile.OwnBytes;

    private const string Prefix = "batches-";
    private const string Extension = ".log";

    private readonly string _directory;
    private readonly Lock _lock = new();     // guards all below
    private readonly byte[] _header = new byte[Frame.HeaderBytes];
    private readonly ReadOnlyMemory<byte>[] _frame = new ReadOnlyMemory<byte>[2];   // header and payload, written in one call
    private FileStream _file;
    private ulong _salt;                     // salt of the file
    private long _length;
    private Exception? _failure;             // the first failure; the file's content is unknown after it

    private BatchLog(string directory, int segment, FileStream file, ulong salt, long length)
    {
        _directory = directory;
        _frame[0] = _header;
        Segment = segment;
        _file = file;
        _salt = salt;
        _length = length;
    }

    /// <summary>Number of the file that receives new frames.</summary>
    public int Segment { get; private set; }

    /// <summary>The end of the part of the log that is certainly on disk.</summary>
    public LogEnd End
    {
        get
        {
            lock (_lock)
            {
                return new LogEnd(Segment, _length);
            }
        }
    }

    /// <summary>Whether the logs of a directory contain batches; the file that a first start creates does not yet.</summary>
    public static bool Exists(string directory) =>
        Segments(directory).Any(segment => segment > 1 || new FileInfo(PathOf(directory, segment)).Length > FileHeaderBytes);

    /// <summary>
    /// Opens the log after the part that was read, truncating what a crash left there; or begins a file, if there is
    /// none.
    /// </summary>
    /// <param name="directory">The directory of the log.</param>
    /// <param name="segment">The last file.</param>
    /// <param name="length">The bytes that were read of it; fewer than a file header if the file must be begun.</param>
    /// <param name="bytesBefore">Bytes of the file before it, if the file must be begun.</param>
    public static BatchLog Open(string directory, int segment, long length, long bytesBefore = 0)
    {
        string path = PathOf(directory, segment);
        bool isNew = length < FileHeaderBytes;
        FileStream file = PrivateFile.Open(path, isNew ? FileMode.OpenOrCreate : FileMode.Open);
        try
        {
            if (!isNew && file.Length < length)
            {
                throw new IOException(
                    $"{path} has {file.Length} bytes, and {length} were read of it. Something else changes it; one "
                    + "context at a time may use a checkpoint directory.");
            }

            ulong salt = isNew ? BatchLogFile.Begin(file, segment, bytesBefore) : BatchLogFile.SaltOf(file.SafeFileHandle, path, segment);
            file.SetLength(isNew ? FileHeaderBytes : length);
            DurableFile.Flush(file.SafeFileHandle, path);
            DurableFile.FlushDirectory(directory);
            return new BatchLog(directory, segment, file, salt, isNew ? FileHeaderBytes : length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes a frame durably.</summary>
    /// <returns>Number of the file that contains the frame.</returns>
    /// <exception cref="IOException">The write failed.</exception>
    public int Append(byte[] payload) => Append(payload.AsMemory());

    /// <summary>Writes a frame durably, in one call to the system.</summary>
    /// <returns>Number of the file that contains the frame.</returns>
    /// <exception cref="IOException">The write failed.</exception>
    public int Append(ReadOnlyMemory<byte> payload)
    {
        lock (_lock)
        {
            ThrowIfFailed();
            try
            {
                Frame.WriteHeader(_header, payload.Span, BatchLogFile.SeedAt(_salt, _length));
                _frame[1] = payload;
                RandomAccess.Write(_file.SafeFileHandle, _frame, _length);
                _frame[1] = default;
                DurableFile.Flush(_file.SafeFileHandle, PathOf(_directory, Segment));
                ThrowIfRemoved();
                _length += _header.Length + payload.Length;
                return Segment;
            }
            catch (Exception error)
            {
                _failure = error;
                throw;
            }
        }
    }

    /// <summary>Continues in a new file.</summary>
    /// <exception cref="IOException">The write failed.</exception>
    public void Roll()
    {
        lock (_lock)
        {
            ThrowIfFailed();   // the remains of a failed append may only be at the end of the last file
            try
            {
                ThrowIfRemoved();
                BatchLog next = Open(_directory, Segment + 1, 0, bytesBefore: _length);
                _file.Dispose();
                (_file, _salt, _length, Segment) = (next._file, next._salt, next._length, next.Segment);
            }
            catch (Exception error)
            {
                _failure = error;
                throw;
            }
        }
    }

    /// <summary>Removes the files before a number.</summary>
    public void RemoveBefore(int segment)
    {
        foreach (int old in Segments(_directory).Where(number => number < segment).ToArray())
        {
            File.Delete(PathOf(_directory, old));
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _file.Dispose();
            _failure ??= new ObjectDisposedException(nameof(BatchLog));
        }
    }

    internal static string PathOf(string directory, int segment) => Path.Combine(directory, $"{Prefix}{segment:D9}{Extension}");

    /// <summary>Numbers of the files, in no order. Names not written by this class are ignored.</summary>
    internal static IEnumerable<int> Segments(string directory) =>
        from path in Directory.EnumerateFiles(directory, Prefix + "*" + Extension)
        let name = Path.GetFileNameWithoutExtension(path)
        let segment = int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number : -1
        where segment >= 0 && path == PathOf(directory, segment)
        select segment;

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new IOException($"{PathOf(_directory, Segment)} cannot be written to any more: {_failure.Message}", _failure);
        }
    }

    // The file system accepts bytes for a removed file; they are lost when the process ends.
    private void ThrowIfRemoved()
    {
        string path = PathOf(_directory, Segment);
        if (!File.Exists(path))
        {
            throw new IOException(
                $"{path} was removed while it was in use. Leave the checkpoint directory to the context; stop it, "
                + "and bring the directory back or begin a new one.");
        }
    }
}

/// <summary>A place in the log.</summary>
/// <param name="Segment">Number of the file.</param>
/// <param name="Length">Bytes of it.</param>
internal readonly record struct LogEnd(int Segment, long Length);
