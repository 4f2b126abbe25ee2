using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>
/// A file of sectors with a checksum for each in a second file beside it: reading detects a sector that differs from
/// what was written.
/// </summary>
/// <remarks>
/// <code>
/// log.3        | sector of 4 KiB | sector | …
/// log.3.sums   | sum (4 bytes)   | sum    | …   also in memory: a thousandth of the file
/// </code>
/// A sum is the lower half of an XXH3 of the sector and its number. <see cref="Flush"/> writes sectors and their sums
/// to the disk together. Thread safe.
/// </remarks>
internal sealed class SummedFile : IDisposable
{
    public const int SectorBytes = 4096;

    private readonly string _path;
    private readonly SafeFileHandle _data;
    private readonly SafeFileHandle _sums;
    private readonly Lock _lock = new();        // guards the fields below
    private uint[] _sumOf;
    private int _firstDirty = int.MaxValue;     // first sum that is not in the sums file yet
    private int _lastDirty = -1;

    private SummedFile(string path, SafeFileHandle data, SafeFileHandle sums, uint[] sumOf) =>
        (_path, _data, _sums, _sumOf) = (path, data, sums, sumOf);

    /// <summary>Makes a new file, and replaces an existing one.</summary>
    public static SummedFile Create(string path) =>
        new(path, Open(path, FileMode.Create), Open(SumsOf(path), FileMode.Create), new uint[256]);

    /// <summary>Opens an existing file.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="bytes">The least length that the file must have, in whole sectors.</param>
    /// <param name="isReadOnly">Whether nothing is written.</param>
    /// <exception cref="InvalidDataException">The file or its sums are missing or shorter.</exception>
    public static SummedFile Open(string path, long bytes, bool isReadOnly)
    {
        SafeFileHandle? data = null;
        SafeFileHandle? sums = null;
        try
        {
            data = OpenThere(path, isReadOnly);
            sums = OpenThere(SumsOf(path), isReadOnly);
            long sectors = bytes / SectorBytes;
            ThrowIfShorter(data, path, bytes);
            ThrowIfShorter(sums, SumsOf(path), sectors * sizeof(uint));
            uint[] sumOf = new uint[Math.Max(256, sectors)];
            Span<byte> read = MemoryMarshal.AsBytes(sumOf.AsSpan(0, (int)sectors));
            for (int at = 0; at < read.Length;)
            {
                int got = RandomAccess.Read(sums, read[at..], at);
                at += got > 0 ? got : throw new InvalidDataException($"{SumsOf(path)} ends at byte {at}; {read.Length} are expected.");
            }

            return new SummedFile(path, data, sums, sumOf);
        }
        catch
        {
            data?.Dispose();
            sums?.Dispose();
            throw;
        }
    }

    /// <summary>Removes a file and its sums.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        File.Delete(SumsOf(path));
    }

    /// <summary>Writes whole sectors.</summary>
    /// <exception cref="IOException">Writing to the disk failed.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long at)
    {
        RandomAccess.Write(_data, bytes, at);
        int first = (int)(at / SectorBytes);
        int count = bytes.Length / SectorBytes;
        lock (_lock)
        {
            if (_sumOf.Length < first + count)
            {
                Array.Resize(ref _sumOf, Math.Max(2 * _sumOf.Length, first + count));
            }

            for (int i = 0; i < count; i++)
            {
                _sumOf[first + i] = SumOf(bytes.Slice(i * SectorBytes, SectorBytes), first + i);
            }

            _firstDirty = Math.Min(_firstDirty, first);
            _lastDirty = Math.Max(_lastDirty, first + count - 1);
        }
    }

    /// <summary>Reads from the begin of a sector, and verifies the sums.</summary>
    /// <exception cref="InvalidDataException">A sector is not as it was written.</exception>
    public void Read(Span<byte> bytes, long at)
    {
        int whole = bytes.Length / SectorBytes * SectorBytes;
        ReadSectors(bytes[..whole], at);
        if (whole < bytes.Length)
        {
            Span<byte> sector = stackalloc byte[SectorBytes];
            ReadSectors(sector, at + whole);
            sector[..(bytes.Length - whole)].CopyTo(bytes[whole..]);
        }
    }

    private void ReadSectors(Span<byte> bytes, long at)
    {
        int got = 0;
        for (int read; got < bytes.Length && (read = RandomAccess.Read(_data, bytes[got..], at + got)) > 0;)
        {
            got += read;
        }

        bytes[got..].Clear();   // zeros behind the end; a sector that should exist has another sum
        int first = (int)(at / SectorBytes);
        lock (_lock)
        {
            for (int i = 0; i < bytes.Length / SectorBytes; i++)
            {
                Span<byte> sector = bytes.Slice(i * SectorBytes, SectorBytes);
                if (first + i >= _sumOf.Length || _sumOf[first + i] == 0)
                {
                    sector.Clear();   // an earlier run left these bytes; this run has not written them
                }
                else if (_sumOf[first + i] != SumOf(sector, first + i))
                {
                    throw new InvalidDataException(
                        $"{_path} is not as it was written in the {SectorBytes} bytes from "
                            + $"{(long)(first + i) * SectorBytes} on. Bring an undamaged copy back, or go back to "
                            + "an older checkpoint by moving newer ones away.");
                }
            }
        }
    }

    /// <summary>Flushes everything written to the disk.</summary>
    /// <exception cref="IOException">Writing to the disk failed.</exception>
    public void Flush()
    {
        byte[]? sums = null;
        int first;
        lock (_lock)
        {
            first = _firstDirty;
            if (_lastDirty >= 0)
            {
                sums = MemoryMarshal.AsBytes(_sumOf.AsSpan(first, _lastDirty - first + 1)).ToArray();
                (_firstDirty, _lastDirty) = (int.MaxValue, -1);
            }
        }

        if (sums is not null)
        {
            RandomAccess.Write(_sums, sums, (long)first * sizeof(uint));
            DurableFile.Flush(_data, _path);
            DurableFile.Flush(_sums, SumsOf(_path));
        }
    }

    public void Dispose()
    {
        _data.Dispose();
        _sums.Dispose();
    }

    private static string SumsOf(string path) => path + ".sums";

    // A sum of 0 means that the sector was never written; real sums are odd.
    private static uint SumOf(ReadOnlySpan<byte> sector, int number) => (uint)XxHash3.HashToUInt64(sector, number) | 1;

    private static SafeFileHandle Open(string path, FileMode mode, FileAccess access = FileAccess.ReadWrite) =>
        File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);

    private static SafeFileHandle OpenThere(string path, bool isReadOnly)
    {
        try
        {
            return Open(path, FileMode.Open, isReadOnly ? FileAccess.Read : FileAccess.ReadWrite);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidDataException(
                $"{path} is missing. Bring an undamaged copy back, or go back to an older checkpoint by moving newer ones away.", error);
        }
    }

    private static void ThrowIfShorter(SafeFileHandle file, string path, long bytes)
    {
        if (RandomAccess.GetLength(file) is var length && length < bytes)
        {
            throw new InvalidDataException(
                $"{path} has {length} bytes; at least {bytes} are expected. Bring an undamaged copy back, or go "
                + "back to an older checkpoint by moving newer ones away.");
        }
    }
}
