using System.Globalization;

namespace FastStream;

/// <summary>Files as logs and checkpoints name them.</summary>
internal static class SavedFile
{
    /// <summary>The fewest bytes that one takes.</summary>
    public const int LeastBytes = sizeof(int) + 1 + (5 * sizeof(long));

    public static void Write(StateWriter writer, in FileStatus file)
    {
        writer.WriteString(file.Path);
        writer.WriteByte(file.Identity.Path is null ? (byte)0 : (byte)1);
        writer.WriteInt64((long)file.Identity.Device);
        writer.WriteInt64((long)file.Identity.Inode);
        writer.WriteInt64(file.Size);
        writer.WriteInt64(file.ModifiedTicks);
        writer.WriteInt64(file.BornTicks);
    }

    public static FileStatus Read(ref StateReader reader)
    {
        string path = reader.ReadString();
        bool isKnownByPath = reader.ReadBoolean();
        var identity = new FileIdentity((ulong)reader.ReadInt64(), (ulong)reader.ReadInt64(), isKnownByPath ? path : null);
        return new FileStatus(path, identity, reader.ReadNatural(), reader.ReadInt64(), reader.ReadInt64());
    }

    /// <summary>Checks that a file is still the one that an earlier run of the program read.</summary>
    /// <param name="file">Its status then.</param>
    /// <param name="mayGrow">Whether bytes may have been appended.</param>
    /// <param name="role">What the file is needed for.</param>
    /// <exception cref="InvalidDataException">The file is gone, was replaced, or was written to.</exception>
    public static void Check(in FileStatus file, bool mayGrow, string role) => Check(file, FileStatus.Of(file.Path), mayGrow, role);

    /// <summary>As above, with the file's present status.</summary>
    public static void Check(in FileStatus file, FileStatus? found, bool mayGrow, string role)
    {
        if (found is not { } now)
        {
            throw Lost(file, "there is no such file any more", role);
        }

        bool isSame = IsSame(file, now);
        if (!isSame || !(now.IsUnchangedSince(file) || (mayGrow && now.Size > file.Size)))
        {
            throw Lost(file, $"{(isSame ? "it was written to since" : "another file is in its place")}, with {Describe(now)}", role);
        }
    }

    /// <summary>
    /// Whether both statuses are of the same file. Devices are not compared: their numbers may change when the machine
    /// restarts.
    /// </summary>
    public static bool IsSame(in FileStatus earlier, in FileStatus now)
    {
        FileStatus onThisDevice = earlier with { Identity = earlier.Identity with { Device = now.Identity.Device } };
        return now.IsSameFileAs(onThisDevice);
    }

    /// <summary>Returns the file with its device's present number, if it is still in its place.</summary>
    public static FileStatus AsOfNow(in FileStatus file) =>
        FileStatus.Of(file.Path) is { } now && IsSame(file, now) ? file with { Identity = now.Identity } : file;

    private static InvalidDataException Lost(in FileStatus file, string found, string role) =>
        new($"{file.Path} {role}, and {found}; {Describe(file)} is expected. Move that file back as it was (a copy "
            + "is another file) and start again. Where it is lost, FileSourceOptions.LostFile = Skip goes on "
            + "without it (a replayed file has no such option).");

    private static string Describe(in FileStatus file)
    {
        string identity = file.Identity.Path is null ? $" (inode {file.Identity.Inode})" : "";
        DateTime modified = DateTime.UnixEpoch.AddTicks(file.ModifiedTicks);
        return string.Create(
            CultureInfo.InvariantCulture, $"{file.Size} bytes of {modified:yyyy-MM-dd HH:mm:ss.fffffff}{identity}");
    }
}
