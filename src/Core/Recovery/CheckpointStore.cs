using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>The checkpoints in a directory: each a directory of its own that appears whole, with a manifest and the data.</summary>
/// <remarks>
/// Numbers alone say which is the newest; times of files say nothing. <code>
/// checkpoint-000000042/                   manifest and data
/// .checkpoint-000000043.writing/          not done yet, or left by a crash; the next save removes it
/// .checkpoint-000000039.removing/         on its way out; as above
/// damaged-000000041/                      put aside; nobody touches it any more
/// </code>
/// </remarks>
internal sealed class CheckpointStore(string directory)
{
    /// <summary>The file of the parts.</summary>
    public const string DataName = "data";

    /// <summary>The file that says what the parts are.</summary>
    public const string ManifestName = "manifest";

    private const string Prefix = "checkpoint-";
    private const int LargestManifestBytes = 64 << 20;
    private const int InputOutputError = 5;   // EIO

    /// <summary>Numbers of what is there, newest first. A name that is not exactly as one is written here is somebody else's.</summary>
    public IReadOnlyList<int> Numbers =>
        (from path in Directory.EnumerateDirectories(directory, Prefix + "*")
         let number = int.TryParse(Path.GetFileName(path.AsSpan())[Prefix.Length..], NumberStyles.None,
             CultureInfo.InvariantCulture, out int parsed) ? parsed : -1
         where number >= 0 && Path.GetFileName(path) == NameOf(number)
         orderby number descending
         select number).ToArray();

    /// <summary>Begins to write a checkpoint.</summary>
    /// <param name="number">Its number; there must be none of it.</param>
    /// <exception cref="IOException">The disk does not take it.</exception>
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

    /// <summary>Looks at a checkpoint that was just written.</summary>
    /// <exception cref="IOException">The disk gives back something else.</exception>
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
                $"Checkpoint {number} was written, and reads otherwise: {error.Message} It was put aside; look after the disk.", error);
        }
    }

    /// <summary>Opens a checkpoint, after all of it was found to be as it was written.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be opened, which says nothing of what is in it.</exception>
    public CheckpointData Load(int number) => Read(number, path => new CheckpointData(ReadManifest(number), Path.Combine(path, DataName)));

    /// <summary>Reads all of a checkpoint.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be opened, which says nothing of what is in it.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the end.</exception>
    public CheckpointManifest Verify(int number, CancellationToken cancellation) => Read(number, path =>
    {
        CheckpointManifest manifest = ReadManifest(number);
        string data = Path.Combine(path, DataName);
        using SafeFileHandle file = PrivateFile.OpenToRead(data);
        CheckpointData.Check(file, data, manifest, cancellation);
        return manifest;
    });

    /// <summary>What a checkpoint says of itself; its data are not looked at.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public CheckpointManifest ManifestOf(int number) => Read(number, _ => ReadManifest(number));

    /// <summary>
    /// The log file in which the batches after a checkpoint begin; 0 where its manifest cannot be read, so that no log
    /// file goes that an undamaged copy of it would need.
    /// </summary>
    public int LogSegmentOf(int number) => TryManifestOf(number)?.LogSegment ?? 0;

    /// <summary>How far the log went when a checkpoint was made; nothing where its manifest cannot be read.</summary>
    public LogEnd LogEndOf(int number) => TryManifestOf(number)?.LogEnd ?? default;

    /// <summary>Puts a damaged checkpoint aside, so that its number is free and nobody takes it for a good one.</summary>
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

    /// <summary>Removes a checkpoint; a crash leaves it whole or none.</summary>
    public void Remove(int number)
    {
        string removing = Path.Combine(directory, $".{NameOf(number)}.removing");
        if (Directory.Exists(removing))
        {
            Directory.Delete(removing, recursive: true);
        }

        Directory.Move(PathOf(number), removing);
        DurableFile.FlushDirectory(directory);   // before the logs that it needs go
        Directory.Delete(removing, recursive: true);
    }

    // One that was written and could not be read again, such as for want of handles: its number is taken again.
    private static bool IsCheckpoint(string path) =>
        Directory.Exists(path)
            && Directory.EnumerateFileSystemEntries(path).All(entry => Path.GetFileName(entry) is DataName or ManifestName);

    /// <summary>What a checkpoint says of itself; null where it cannot be read.</summary>
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

    /// <summary>The folder's name of a checkpoint.</summary>
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

    // Only what says that bytes are lost counts as damage: an older checkpoint does not help against a lack of handles or permissions.
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
