namespace FastStream;

/// <summary>
/// Maps old device numbers to new ones, because file systems may get other numbers when the machine starts. It learns
/// the new numbers from files that are still in their place.
/// </summary>
internal sealed class DeviceNumbers
{
    private readonly Dictionary<ulong, ulong> _numbers = [];   // new numbers, by the numbers of an earlier run

    /// <summary>Looks at a file of an earlier run, unless its device is already known.</summary>
    public void Learn(in FileStatus file)
    {
        if (file.Identity.Path is null && !_numbers.ContainsKey(file.Identity.Device)
            && FileStatus.Of(file.Path) is { } now && SavedFile.IsSame(file, now) && now.IsUnchangedSince(file))
        {
            _numbers.Add(file.Identity.Device, now.Identity.Device);
        }
    }

    /// <summary>
    /// Returns the file with its device's present number, or unchanged where that number is not known.
    /// </summary>
    public FileStatus Current(in FileStatus file) =>
        _numbers.TryGetValue(file.Identity.Device, out ulong now) && file.Identity.Path is null
            ? file with { Identity = file.Identity with { Device = now } } : file;
}
