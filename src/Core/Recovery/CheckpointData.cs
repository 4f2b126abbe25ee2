using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>A checkpoint's data, memory-mapped: reading a part touches only its pages.</summary>
/// <remarks>
/// The checksum is computed by reading the file, not through the map: an unreadable page of a map ends the process,
/// whereas a failed read is an error that can be handled.
/// </remarks>
internal sealed unsafe class CheckpointData : IDisposable
{
    private const int PieceBytes = 1 << 20;

    private readonly MemoryMappedFile? _file;              // null where there are no bytes
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _bytes;

    /// <exception cref="InvalidDataException">The data do not match the manifest.</exception>
    public CheckpointData(CheckpointManifest manifest, string path)
    {
        Manifest = manifest;
        var file = new FileStream(PrivateFile.OpenToRead(path), FileAccess.Read, bufferSize: 0);
        try
        {
            Check(file.SafeFileHandle, path, manifest, CancellationToken.None);
            long length = manifest.DataLength;
            if (length > 0)
            {
                _file = MemoryMappedFile
                    .CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
                _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
                _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
                _bytes += _view.PointerOffset;
            }
            else
            {
                file.Dispose();
            }
        }
        catch
        {
            Dispose();
            file.Dispose();
            throw;
        }
    }

    public CheckpointManifest Manifest { get; }

    /// <summary>The bytes of a part of the manifest, pinned until this object is disposed of.</summary>
    public ReadOnlySpan<byte> Read(CheckpointPart part) => new(_bytes + part.Offset, (int)part.Length);

    public void Dispose()
    {
        if (_view is not null)
        {
            if (_bytes is not null)
            {
                _view.SafeMemoryMappedViewHandle.ReleasePointer();
            }

            _view.Dispose();
        }

        _file?.Dispose();
    }

    /// <summary>Reads all data and verifies their checksum.</summary>
    /// <exception cref="InvalidDataException">The data do not match the manifest.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the end.</exception>
    public static void Check(SafeFileHandle file, string path, CheckpointManifest manifest, CancellationToken cancellation)
    {
        long length = RandomAccess.GetLength(file);
        if (length != manifest.DataLength)
        {
            throw new InvalidDataException($"{path} has {length} bytes; {manifest.DataLength} are expected.");
        }

        if (SumOf(file, length, cancellation) != manifest.DataSum)
        {
            throw new InvalidDataException($"{path} is not as it was written.");
        }
    }

    private static uint SumOf(SafeFileHandle file, long length, CancellationToken cancellation)
    {
        byte[] piece = new byte[Math.Min(PieceBytes, length)];
        uint crc = Crc32C.Start;
        for (long at = 0; at < length;)
        {
            cancellation.ThrowIfCancellationRequested();
            int read = RandomAccess.Read(file, piece, at);
            if (read == 0)
            {
                break;   // the file became shorter: the checksum will differ
            }

            crc = Crc32C.Add(crc, piece.AsSpan(0, read));
            at += read;
        }

        return Crc32C.End(crc);
    }
}
