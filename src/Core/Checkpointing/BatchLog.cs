using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>What a context writes down of its batches: frames, one after the other, in files that are numbered on. Safe from any thread.</summary>
/// <remarks>
/// A frame is on the disk when <see cref="Append"/> returns. A disk that fails leaves it unknown what is there: nothing more is appended, and the context must stop and start again.
/// </remarks>
internal sealed class BatchLog : IDisposable
{
    private readonly string _directory;
    private readonly Lock _lock = new();                                  // guards all below
    private readonly ArrayBufferWriter<byte> _frame = new(64 << 10);
    private SafeFileHandle? _file;
    private string _path = "";
    private long _length;
    private Exception? _failure;                                          // the first one; the file is in doubt after it

    private BatchLog(string directory) => _directory = directory;

    /// <summary>Number of the file that is appended to.</summary>
    public int Segment { get; private set; }

    /// <summary>Whether there is a log in a directory.</summary>
    public static bool Exists(string directory) => Segments(directory).Any();

    /// <summary>Opens the log behind what was read of it, or begins one.</summary>
    public static BatchLog Open(string directory, int segment, long length)
    {
        var log = new BatchLog(directory);
        log.OpenSegment(segment, length);
        return log;
    }

    /// <summary>The frames of all files from a number on, in order, and where the last whole one ends.</summary>
    /// <exception cref="InvalidDataException">A file is damaged before its end, or one is missing.</exception>
    public static (List<byte[]> Frames, int Segment, long Length) Read(string directory, int fromSegment)
    {
        int[] segments = Segments(directory).Where(segment => segment >= fromSegment).Order().ToArray();
        var frames = new List<byte[]>();
        long length = 0;
        for (int i = 0; i < segments.Length; i++)
        {
            string path = PathOf(directory, segments[i]);
            if (segments[i] != fromSegment + i)
            {
                throw new InvalidDataException($"{PathOf(directory, fromSegment + i)} is missing, and {path} is there. Bring the file back; without it the batches in it are lost.");
            }

            length = ReadFile(path, isLast: i == segments.Length - 1, frames);
        }

        return (frames, segments.Length == 0 ? fromSegment : segments[^1], length);
    }

    /// <summary>Writes a frame and brings it to the disk.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void Append(ReadOnlySpan<byte> payload)
    {
        lock (_lock)
        {
            if (_failure is not null)
            {
                throw new IOException($"{_path} cannot be written to any more: {_failure.Message}", _failure);
            }

            try
            {
                _frame.ResetWrittenCount();
                Frame.Write(_frame, payload);
                RandomAccess.Write(_file!, _frame.WrittenSpan, _length);
                DurableFile.Flush(_file!, _path);
                _length += _frame.WrittenCount;
            }
            catch (Exception error)
            {
                _failure = error;
                throw;
            }
        }
    }

    /// <summary>Goes on in a new file.</summary>
    public void Roll()
    {
        lock (_lock)
        {
            _file?.Dispose();
            OpenSegment(Segment + 1, 0);
        }
    }

    /// <summary>Removes the files before a number.</summary>
    public void RemoveBefore(int segment)
    {
        foreach (int old in Segments(_directory).Where(number => number < segment))
        {
            File.Delete(PathOf(_directory, old));
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _failure ??= new ObjectDisposedException(nameof(BatchLog));
        }
    }

    private static string PathOf(string directory, int segment) => Path.Combine(directory, $"batches-{segment:D9}.log");

    private static IEnumerable<int> Segments(string directory) => Directory.EnumerateFiles(directory, "batches-*.log")
        .Select(path => int.TryParse(Path.GetFileNameWithoutExtension(path)["batches-".Length..], out int segment) ? segment : -1).Where(segment => segment >= 0);

    // A frame that is not whole is the end, if nothing whole follows: the crash came while it was written.
    private static long ReadFile(string path, bool isLast, List<byte[]> frames)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int at = 0;
        while (at < bytes.Length)
        {
            if (!Frame.TryRead(bytes.AsSpan(at), out Range payload))
            {
                if (!isLast || Frame.FindNext(bytes.AsSpan(at)) >= 0)
                {
                    throw new InvalidDataException($"{path} is damaged at byte {at}, and what follows is not. Bring an undamaged copy back; without it the batches from there on are lost.");
                }

                break;
            }

            frames.Add(bytes.AsSpan(at)[payload].ToArray());
            at += payload.End.Value;
        }

        return at;
    }

    private void OpenSegment(int segment, long length)
    {
        Segment = segment;
        _path = PathOf(_directory, segment);
        _length = length;
        _file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        RandomAccess.SetLength(_file, length);   // cuts a torn end off
        DurableFile.Flush(_file, _path);
        DurableFile.FlushDirectory(_directory);
    }
}
