using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>
/// The checkpoints in a directory. Each is a directory of its own, which appears whole, with a manifest and the data.
/// </summary>
/// <remarks>
/// Only the numbers tell which is the newest; the times of files are ignored. <code>
/// checkpoint-000000042/                   manifest and data
/// .checkpoint-000000043.writing/          unfinished, or left by a crash; the next save removes it
/// .checkpoint-000000039.removing/         being removed, or left by a crash; as above
/// damaged-000000041/                      quarantined; never touched again
/// </code>
/// </remarks>
internal sealed class CheckpointStore(string directory)
{
    /// <summary>The file of the parts.</summary>
    public const string DataName = "data";

    /// <summary>The file that describes the parts.</summary>
    public const string ManifestName = "manifest";

    private const string Prefix = "checkpoint-";
    private const int LargestManifestBytes = 64 << 20;
    private const int InputOutputError = 5;   // EIO

    /// <summary>Checkpoint numbers found on disk, newest first. Names not written by this class are ignored.</summary>
    public IReadOnlyList<int> Numbers =>
        (from path in Directory.EnumerateDirectories(directory, Prefix + "*")
         let number = int.TryParse(Path.GetFileName(path.AsSpan())[Prefix.Length..], NumberStyles.None,
             CultureInfo.InvariantCulture, out int parsed) ? parsed : -1
         where number >= 0 && Path.GetFileName(path) == NameOf(number)
         orderby number descending
         select number).ToArray();

    /// <summary>Begins to write a checkpoint.</summary>
    /// <param name="number">Its number; no checkpoint may have it yet.</param>
    /// <exception cref="IOException">The write failed.</exception>
    public CheckpointFiles Begin(int number)
    {
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException(
                $"{directory} was removed while it was in use. Leave the checkpoint directory to the context; stop "
                + "it, and bring the directory back or begin a new one.");
        }

        RemoveLeftovers();
        return new CheckpointFiles(this, new AtomicDirectory(PathOf(number), isPrivate: true, isOurs: IsCheckpoint));
    }

    /// <summary>Verifies a checkpoint that was just written.</summary>
    /// <exception cref="IOException">The data read back differ.</exception>
    public void LookAt(int number)
    {
        try
        {
            using CheckpointData written = Load(number);
        }
        catch (InvalidDataException error)
        {
            Quarantine(number);
            throw new IOException(
                $"Checkpoint {number} was written, but the data read back differ: {error.Message} "
                + "It was quarantined; check the disk.", error);
        }
    }

    /// <summary>Opens a checkpoint, after verifying all of it.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    /// <exception cref="IOException">A file cannot be opened; this is no sign of damage.</exception>
    public CheckpointData Load(int number) => Read(number, path => new CheckpointData(ReadManifest(number), Path.Combine(path, DataName)));

    /// <summary>Reads a whole checkpoint and verifies it.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    /// <exception cref="IOException">A file cannot be opened; this is no sign of damage.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the end.</exception>
    public CheckpointManifest Verify(int number, CancellationToken cancellation) => Read(number, path =>
    {
        CheckpointManifest manifest = ReadManifest(number);
        string data = Path.Combine(path, DataName);
        using SafeFileHandle file = PrivateFile.OpenToRead(data);
        CheckpointData.Check(file, data, manifest, cancellation);
        return manifest;
    });

    /// <summary>Reads the manifest of a checkpoint; does not read its data.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    public CheckpointManifest ManifestOf(int number) => Read(number, _ => ReadManifest(number));

    /// <summary>
    /// The log file in which the batches after a checkpoint begin; 0 if its manifest cannot be read, so that no log
    /// file is removed that an undamaged copy of the checkpoint would need.
    /// </summary>
    public int LogSegmentOf(int number) => TryManifestOf(number)?.LogSegment ?? 0;

    /// <summary>The end of the log when a checkpoint was made; default if its manifest cannot be read.</summary>
    public LogEnd LogEndOf(int number) => TryManifestOf(number)?.LogEnd ?? default;

    /// <summary>Quarantines a damaged checkpoint, so that its number is free and no start uses it.</summary>
    public void Quarantine(int number)
    {
        string to = Path.Combine(directory, $"damaged-{number:D9}");
        for (int i = 2; Path.Exists(to); i++)
        {
            to = Path.Combine(directory, $"damaged-{number:D9}-{i}");
        }

        Directory.Move(PathOf(number), to);
        DurableFile.FlushDirectory(directory);
    }

    /// <summary>Removes a checkpoint; a crash leaves either all of it or nothing.</summary>
    public void Remove(int number)
    {
        string removing = Path.Combine(directory, $".{NameOf(number)}.removing");
        if (Directory.Exists(removing))
        {
            Directory.Delete(removing, recursive: true);
        }

        Directory.Move(PathOf(number), removing);
        DurableFile.FlushDirectory(directory);   // before the logs that it needs are removed
        Directory.Delete(removing, recursive: true);
    }

    // A checkpoint that was written and could not be read back, for example for lack of handles: its number is used
    // again.
    private static bool IsCheckpoint(string path) =>
        Directory.Exists(path)
            && Directory.EnumerateFileSystemEntries(path).All(entry => Path.GetFileName(entry) is DataName or ManifestName);

    /// <summary>The manifest of a checkpoint; null if it cannot be read.</summary>
    public CheckpointManifest? TryManifestOf(int number)
    {
        try
        {
            return ManifestOf(number);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>The directory name of a checkpoint.</summary>
    public static string NameOf(int number) => $"{Prefix}{number:D9}";

    private string PathOf(int number) => Path.Combine(directory, NameOf(number));

    private void RemoveLeftovers()
    {
        foreach (string path in Directory.EnumerateDirectories(directory, $".{Prefix}*").ToArray())
        {
            if (Path.GetExtension(path) is ".writing" or ".removing" or ".replaced")
            {
                Directory.Delete(path, recursive: true);
            }
        }
    }

    private CheckpointManifest ReadManifest(int number)
    {
        FileTrust.CheckDirectory(PathOf(number), mayBeLink: false);
        string path = Path.Combine(PathOf(number), ManifestName);
        using SafeFileHandle file = PrivateFile.OpenToRead(path);
        long length = RandomAccess.GetLength(file);
        byte[] bytes = new byte[Math.Min(length, LargestManifestBytes)];
        CheckpointManifest manifest = length <= LargestManifestBytes && BatchLogFile.TryReadExactly(file, bytes, 0)
            ? CheckpointManifest.Read(bytes)
            : throw new InvalidDataException($"{path} has {length} bytes; at most {LargestManifestBytes} are expected.");
        return manifest.Number == number
            ? manifest : throw new InvalidDataException($"{path} is of checkpoint {manifest.Number}; {number} is expected.");
    }

    // Only lost bytes count as damage: an older checkpoint does not help against a lack of handles or permissions.
    private T Read<T>(int number, Func<string, T> read)
    {
        try
        {
            return read(PathOf(number));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException && Directory.Exists(directory))
        {
            throw new InvalidDataException($"A file of {PathOf(number)} is missing: {error.Message}", error);
        }
        catch (IOException error) when (error.HResult == InputOutputError)
        {
            throw new InvalidDataException($"{PathOf(number)} cannot be read from the disk: {error.Message}", error);
        }
    }
}
