using System.Security.Cryptography;
using System.Text;

namespace FastStream;

/// <summary>The directories of the journals of a program's inputs, one for each input, by its name.</summary>
/// <remarks>
/// <code>received/Socket__1-9f86d081884c7d65/batches-000000001.log</code>
/// The input's name, as far as it fits into a file name, and a part of its SHA-256.
/// </remarks>
internal sealed class ReceiverJournals
{
    private const string Folder = "received";
    private const int NameLength = 40;
    private const int HashBytes = 8;

    private readonly IReadOnlyList<IInputStream> _inputs;
    private readonly string[] _unmatched;   // directories of inputs that the program no longer has; deleted with the next checkpoint

    /// <summary>Tells every input where its journal is, and checks that each journal has an input.</summary>
    /// <exception cref="InvalidOperationException">A journal has no input: received data would be lost.</exception>
    public ReceiverJournals(CheckpointOptions options, IReadOnlyList<IInputStream> inputs, IReadOnlyList<string> names, Action<string> warn)
    {
        _inputs = inputs;
        string above = Path.Combine(options.Directory, Folder);
        string[] directories = [.. names.Select(name => Path.Combine(above, DirectoryOf(name)))];
        _unmatched = Directory.Exists(above) ? [.. Directory.EnumerateDirectories(above).Except(directories, StringComparer.Ordinal)] : [];
        foreach (string directory in _unmatched)
        {
            if (options.UnmatchedState == UnmatchedState.Refuse)
            {
                throw new InvalidOperationException(
                    $"{directory} has what an input received that the program has not; its inputs "
                        + $"are {string.Join(", ", names.Select(name => $"\"{name}\"").DefaultIfEmpty("none"))}. Give inputs "
                        + "their old names by Named, "
                    + "or set CheckpointOptions.UnmatchedState to Drop to go on without.");
            }

            warn($"{directory} has what an input received that the program has not. It is dropped with the next checkpoint.");
        }

        foreach ((IInputStream input, string directory) in inputs.Zip(directories))
        {
            input.UseJournal(directory);
        }
    }

    /// <summary>Removes files that only checkpoints need that are no longer kept.</summary>
    /// <param name="store">The checkpoints.</param>
    /// <param name="oldestKept">Number of the oldest one that is kept.</param>
    public void Retire(CheckpointStore store, int oldestKept)
    {
        foreach (string directory in _unmatched.Where(Directory.Exists))
        {
            Directory.Delete(directory, recursive: true);
        }

        if (!_inputs.Any(input => input.HasJournal))
        {
            return;
        }

        BatchTime time;
        try
        {
            time = store.ManifestOf(oldestKept).Time;
        }
        catch (InvalidDataException)
        {
            return;   // an undamaged copy of the checkpoint could need any of the files
        }

        foreach (IInputStream input in _inputs)
        {
            input.RetireJournal(time);
        }
    }

    internal static string DirectoryOf(string name)
    {
        string readable = string.Concat(name.Take(NameLength).Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
        return $"{readable}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, HashBytes))}";
    }
}
